// SPDX-License-Identifier: MIT
// The unmodified SDK, when its token expires: in a file of its own, beside whose waiting others run.
import assert from 'node:assert/strict';
import test from 'node:test';

import { connect, eventsOf, next, subscribe } from './clients.js';
import { Cluster, token, until } from './cluster.js';

const room = 'room:sdk';
const secret = 'a secret of this test';

test('fetches a new token when the old one has expired', async (t) => {
  const cluster = await Cluster.start(t, {
    nodes: 1,
    chirmd: ['--token-hmac-secret', secret, '--rooms', 'open'],
  });
  const now = () => Math.floor(Date.now() / 1000);
  const firstLastsS = 60; // time to connect and subscribe before it expires
  let fetched = 0;
  const ada = connect(cluster, cluster.url(0), {
    token: token({ sub: 'ada', exp: now() - 60 }, secret),
    getToken: async () => {
      // The second one expires soon: it is refreshed on the connection.
      const seconds = ++fetched === 1 ? firstLastsS : 3600;
      return token({ sub: 'ada', exp: now() + seconds }, secret);
    },
  });
  const heard = subscribe(ada, room);
  await next(heard, 'subscribed');
  assert.equal(fetched, 1);
  await until(() => fetched === 2);
  await ada.publish(room, { n: 1 });
  assert.deepEqual(Object.values((await ada.presence(room)).clients).map((one) => one.user), ['ada']);
  assert.equal(eventsOf(heard, 'subscribed').length, 1);
});

// SPDX-License-Identifier: MIT
// The unmodified SDK, when nothing is said for a while: in a file of its own, as expiry.test.js.
import assert from 'node:assert/strict';
import test from 'node:test';

import { next, user } from './clients.js';
import { Cluster, until } from './cluster.js';

test('answers pings', async (t) => {
  const cluster = await Cluster.start(t, {
    nodes: 1,
    chirmd: ['--insecure', '--ping', '10', '--pong-timeout', '9'],
  });
  const ada = user(cluster, 0, 'ada');
  await next(ada, 'connected');
  const before = await cluster.metric(0, 'chirm_commands_total');
  await until(async () => (await cluster.metric(0, 'chirm_commands_total')) >= before + 2);
  assert.equal(ada.state, 'connected');
});

// SPDX-License-Identifier: MIT
// Server-side subscriptions, as the unmodified SDK "centrifuge" shows them.
import assert from 'node:assert/strict';
import test from 'node:test';

import { connect, next } from './clients.js';
import { Cluster, token, until } from './cluster.js';

const secret = 'a secret of this test';
const withTokens = {
  chirmd: ['--token-hmac-secret', secret, '--rooms', 'open', '--publish-rate', '0', '--limits', 'off'],
};
const inbox = 'user:#ada';

// Connects and writes down what the client's server-side subscriptions tell.
function connectAs(cluster, url, claims) {
  const client = connect(cluster, url, { getToken: async () => token(claims, secret) });
  client.seen = [];
  client.told = [];
  client.on('publication', ({ channel, offset, data }) => client.seen.push([channel, offset, data]));
  for (const event of ['subscribed', 'unsubscribed']) {
    client.on(event, (context) => client.told.push({ event, ...context }));
  }
  return client;
}

const ada = { sub: 'ada' };

async function publish(client, from, to) {
  for (let n = from; n <= to; ++n) await client.publish(inbox, n);
}

const inboxFrom = (from, to) =>
  Array.from({ length: to - from + 1 }, (_, i) => [inbox, from + i, from + i]);

test('hears its inbox everywhere, and recovers it on another node', async (t) => {
  const cluster = await Cluster.start(t, withTokens);
  const phone = connectAs(cluster, cluster.door.url, ada);
  const laptop = connectAs(cluster, cluster.url(1), ada);
  const { channel, recoverable, positioned, wasRecovering } = await next(phone, 'subscribed');
  assert.deepEqual([channel, recoverable, positioned, wasRecovering], [inbox, true, true, false]);
  await publish(laptop, 1, 3);
  await until(() => phone.seen.length === 3 && laptop.seen.length === 3);

  phone.disconnect();
  await publish(laptop, 4, 500);
  cluster.turnDoor(1);
  const subscribed = next(phone, 'subscribed');
  phone.connect();
  assert.equal((await subscribed).recovered, true);
  await until(() => phone.seen.length >= 500);
  for (let round = 0; round < 4; ++round) {
    const again = next(phone, 'subscribed');
    cluster.turnDoor(round % 2);
    cluster.door.cut();
    await publish(laptop, 501 + round * 10, 510 + round * 10);
    assert.equal((await again).recovered, true);
  }
  await until(() => phone.seen.length >= 540 && laptop.seen.length >= 540);
  assert.deepEqual(phone.seen, inboxFrom(1, 540));
  assert.deepEqual(laptop.seen, inboxFrom(1, 540));
  assert.ok(phone.told.every(({ event }) => event === 'subscribed'));
});

test('is subscribed to what its token names, as long as it does', async (t) => {
  const cluster = await Cluster.start(t, { ...withTokens, nodes: 1 });
  const claims = { sub: 'ada', subs: { 'room:news': { info: { vip: 1 }, data: { hello: 2 } } } };
  const client = connectAs(cluster, cluster.url(0), claims);
  await next(client, 'connected');
  const news = client.told.find(({ channel }) => channel === 'room:news');
  assert.deepEqual(news.data, { hello: 2 });
  assert.deepEqual(client.told.map(({ channel }) => channel).sort(), ['room:news', inbox]);
  const publication = next(client, 'publication');
  await client.publish('room:news', 1);
  assert.deepEqual((await publication).info.chanInfo, { vip: 1 });

  const own = client.newSubscription('room:news');
  own.subscribe();
  assert.equal((await next(own, 'unsubscribed')).code, 105);
  client.removeSubscription(own);

  client.disconnect();
  delete claims.subs;
  client.setToken(token(claims, secret));
  client.connect();
  assert.equal((await next(client, 'unsubscribed')).channel, 'room:news');
  await client.ready();
  await client.publish('room:news', 2);
  await client.publish(inbox, 3);
  await until(() => client.seen.length === 2);
  assert.deepEqual(client.seen, [['room:news', 1, 1], [inbox, 1, 3]]);
});

test('comes back and is told when the log of its inbox was lost', async (t) => {
  const cluster = await Cluster.start(t, withTokens);
  const client = connectAs(cluster, cluster.url(0), ada);
  const other = connectAs(cluster, cluster.url(1), ada);
  await next(client, 'subscribed');
  await publish(other, 1, 5);
  await until(() => client.seen.length === 5);
  const [first] = client.told;
  const connecting = next(client, 'connecting');
  const subscribed = next(client, 'subscribed');
  assert.equal(await cluster.redisCommand('FLUSHALL'), '+OK');
  // Its own connection ends for the same reason, perhaps before the ack.
  await other.publish(inbox, 'after').catch(({ code }) => assert.equal(code, 11));
  assert.equal((await connecting).code, 3010);
  const { wasRecovering, recovered, streamPosition } = await subscribed;
  assert.deepEqual([wasRecovering, recovered], [true, false]);
  assert.notEqual(streamPosition.epoch, first.streamPosition.epoch);
  await other.ready();
  await other.publish(inbox, 'again');
  await until(() => client.seen.some(([, , data]) => data === 'again'));
});

test('waits for the store, a newcomer within its connection', async (t) => {
  const cluster = await Cluster.start(t, { ...withTokens, chirmd: [...withTokens.chirmd, '--channel-linger', '0'], nodes: 1 });
  const known = connectAs(cluster, cluster.url(0), { sub: 'bob' });
  await next(known, 'subscribed');
  known.disconnect();
  await until(async () => (await cluster.metric(0, 'chirm_channels')) === 0);
  cluster.redis.kill('SIGSTOP');
  const client = connectAs(cluster, cluster.url(0), ada);
  known.connect();
  const [{ error }] = await Promise.all([next(known, 'error'), next(client, 'connected')]);
  assert.deepEqual([error.code, known.state], [100, 'connecting']);
  assert.deepEqual(client.told, []);
  const subscribed = [next(known, 'subscribed'), next(client, 'subscribed')];
  cluster.redis.kill('SIGCONT');
  const [{ recovered }] = await Promise.all(subscribed);
  assert.equal(recovered, true);
  await client.publish(inbox, 1);
  await until(() => client.seen.length === 1);
});

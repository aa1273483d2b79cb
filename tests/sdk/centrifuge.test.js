// SPDX-License-Identifier: MIT
// The unmodified SDK "centrifuge" as a client of a cluster of two nodes.
import assert from 'node:assert/strict';
import test from 'node:test';

import { connect, eventsOf, next, subscribe, user } from './clients.js';
import { Cluster, inTime, token, until } from './cluster.js';

const room = 'room:sdk';
const secret = 'a secret of this test';
const withTokens = {
  chirmd: ['--token-hmac-secret', secret, '--rooms', 'open', '--publish-rate', '0', '--limits', 'off'],
};

// [[from, from], …, [to, to]]: each number published at the offset of the same value.
const numbers = (from, to) =>
  Array.from({ length: to - from + 1 }, (_, i) => [from + i, from + i]);

async function publish(client, from, to) {
  for (let n = from; n <= to; ++n) await client.publish(room, { id: `m${n}`, n });
}

test('publishes on one node and receives on the other', async (t) => {
  const cluster = await Cluster.start(t);
  const ada = user(cluster, 0, 'ada');
  const bob = user(cluster, 1, 'bob');
  const connected = await next(ada, 'connected');
  assert.match(connected.client, /^[0-9a-f-]{36}$/);
  const heard = subscribe(bob, room);
  const subscribed = await next(heard, 'subscribed');
  assert.deepEqual(
    [subscribed.recoverable, subscribed.positioned, subscribed.wasRecovering],
    [true, true, false],
  );
  assert.equal(subscribed.streamPosition.offset, 0);

  const publication = next(heard, 'publication');
  await ada.publish(room, { id: 'm1', n: 1, text: 'grüß dich 🎈 <&>\u2028' });
  const { data, info, offset, channel } = await publication;
  assert.deepEqual(data, { id: 'm1', n: 1, text: 'grüß dich 🎈 <&>\u2028' });
  assert.equal(info.user, 'ada');
  assert.equal(info.client, connected.client);
  assert.deepEqual([channel, offset], [room, 1]);

  // Without a subscription, and what is no object, works, too; a repeated id is stored once.
  await ada.publish(room, { id: 'm1', n: 1 });
  await ada.publish(room, 'just a string');
  await until(() => heard.seen.length === 2);
  assert.deepEqual(heard.seen, [[1, 1], [2, undefined]]);
});

test('answers history and presence for all nodes', async (t) => {
  const cluster = await Cluster.start(t);
  const ada = user(cluster, 0, 'ada');
  const bob = user(cluster, 1, 'bob');
  await Promise.all([subscribe(ada, room), subscribe(bob, room)].map((one) => next(one, 'subscribed')));
  await publish(ada, 1, 5);

  const all = await bob.history(room, { limit: 100 });
  assert.deepEqual(all.publications.map(({ offset, data }) => [offset, data.n]), numbers(1, 5));
  assert.equal(all.offset, 5);
  const { epoch } = all;
  const some = await ada.history(room, { since: { offset: 2, epoch }, limit: 2 });
  assert.deepEqual(some.publications.map(({ offset }) => offset), [3, 4]);
  const newest = await ada.history(room, { limit: 2, reverse: true });
  assert.deepEqual(newest.publications.map(({ offset }) => offset), [5, 4]);
  const top = await ada.history(room, { limit: 0 });
  assert.deepEqual([top.publications, top.offset, top.epoch], [[], 5, epoch]);
  const old = ada.history(room, { since: { offset: 2, epoch: 'another' }, limit: 2 });
  await assert.rejects(old, { code: 112 });

  const { clients } = await ada.presence(room);
  assert.deepEqual(Object.values(clients).map((one) => one.user).sort(), ['ada', 'bob']);
  for (const [id, one] of Object.entries(clients)) assert.equal(one.client, id);
  const stats = await bob.presenceStats(room);
  assert.deepEqual([stats.numClients, stats.numUsers], [2, 2]);
  await assert.rejects(ada.rpc('no such method', {}), { code: 104 });
});

test('hears who joins and leaves on any node', async (t) => {
  const cluster = await Cluster.start(t);
  const ada = user(cluster, 0, 'ada');
  const subscription = ada.newSubscription(room, { joinLeave: true });
  const moves = [];
  for (const event of ['join', 'leave']) {
    subscription.on(event, ({ channel, info }) => moves.push([event, channel, info.user]));
  }
  subscription.subscribe();
  await until(() => moves.length === 1);
  const bob = user(cluster, 1, 'bob');
  const other = subscribe(bob, room);
  await until(() => moves.length === 2);
  other.unsubscribe();
  await until(() => moves.length === 3);
  const eve = user(cluster, 1, 'eve');
  subscribe(eve, room);
  await until(() => moves.length === 4);
  eve.disconnect();
  await until(() => moves.length === 5);
  assert.deepEqual(moves, [
    ['join', room, 'ada'],
    ['join', room, 'bob'],
    ['leave', room, 'bob'],
    ['join', room, 'eve'],
    ['leave', room, 'eve'],
  ]);
});

test('recovers what was published while it was away', async (t) => {
  const cluster = await Cluster.start(t);
  const ada = user(cluster, 0, 'ada');
  const bob = connect(cluster, cluster.door.url, { data: { name: 'bob' } });
  const heard = subscribe(bob, room);
  await next(heard, 'subscribed');
  await publish(ada, 1, 10);
  await until(() => heard.seen.length === 10);

  bob.disconnect();
  await publish(ada, 11, 400);
  cluster.turnDoor(1);
  const subscribed = next(heard, 'subscribed');
  bob.connect();
  const { wasRecovering, recovered } = await subscribed;
  assert.deepEqual([wasRecovering, recovered], [true, true]);
  await publish(ada, 401, 410);
  await until(() => heard.seen.length >= 410);
  assert.deepEqual(heard.seen, numbers(1, 410));
});

test('recovers on another node each time its connection breaks', async (t) => {
  const cluster = await Cluster.start(t);
  const ada = user(cluster, 0, 'ada');
  const bob = connect(cluster, cluster.door.url, { data: { name: 'bob' } });
  const heard = subscribe(bob, room);
  await next(heard, 'subscribed');
  const publishing = publish(ada, 1, 1000);
  for (let round = 1; round <= 6; ++round) {
    const before = heard.seen.length;
    await until(() => heard.seen.length >= Math.min(before + 20, 1000));
    cluster.turnDoor(round % 2);
    cluster.door.cut();
    await next(heard, 'subscribed');
  }
  await inTime(publishing, 'all acks');
  await until(() => heard.seen.length >= 1000);
  assert.deepEqual(heard.seen, numbers(1, 1000));
  for (const { wasRecovering, recovered } of eventsOf(heard, 'subscribed').slice(1)) {
    assert.deepEqual([wasRecovering, recovered], [true, true]);
  }
});

test('loses nothing when its node is killed, and publishes again under the same id', async (t) => {
  const cluster = await Cluster.start(t);
  // It lets a publish that was under way wait for its timeout.
  const ada = connect(cluster, cluster.door.url, { data: { name: 'ada' }, timeout: 1000 });
  const bob = user(cluster, 1, 'bob');
  const own = subscribe(ada, room);
  const heard = subscribe(bob, room);
  await Promise.all([next(own, 'subscribed'), next(heard, 'subscribed')]);
  let failures = 0;
  const publishing = (async () => {
    for (let n = 1; n <= 300; ) {
      try {
        await ada.publish(room, { id: `m${n}`, n });
        ++n;
      } catch {
        ++failures;
        await ada.ready();
      }
    }
  })();
  await until(() => heard.seen.length >= 50);
  cluster.turnDoor(1);
  await cluster.nodes[0].kill();
  await inTime(publishing, 'all acks');
  await until(() => heard.seen.length >= 300 && own.seen.length >= 300);
  assert.deepEqual(heard.seen, numbers(1, 300));
  assert.deepEqual(own.seen, numbers(1, 300));
  assert.ok(failures >= 1);
});

test('is sent elsewhere by a node that stops', async (t) => {
  const cluster = await Cluster.start(t);
  const ada = connect(cluster, cluster.door.url);
  const heard = subscribe(ada, room);
  await next(heard, 'subscribed');
  cluster.turnDoor(1);
  const again = next(heard, 'subscribed'); // perhaps before the node has ended
  const [connecting, code] = await Promise.all([
    next(ada, 'connecting'),
    inTime(cluster.nodes[0].kill('SIGTERM'), 'the end of the node'),
  ]);
  assert.deepEqual([connecting.code, connecting.reason, code], [3001, 'shutdown', 0]);
  const { recovered } = await again;
  assert.equal(recovered, true);
});

test('is told when Redis has lost its data', async (t) => {
  const cluster = await Cluster.start(t);
  const ada = user(cluster, 0, 'ada');
  const bob = user(cluster, 1, 'bob');
  const heard = subscribe(bob, room);
  const first = await next(heard, 'subscribed');
  await publish(ada, 1, 10);
  await until(() => heard.seen.length === 10);

  assert.equal(await cluster.redisCommand('FLUSHALL'), '+OK');
  const subscribing = next(heard, 'subscribing');
  const subscribed = next(heard, 'subscribed');
  await ada.publish(room, { id: 'after', n: 11 });
  assert.equal((await subscribing).code, 2500);
  const { wasRecovering, recovered, streamPosition } = await subscribed;
  assert.deepEqual([wasRecovering, recovered], [true, false]);
  assert.notEqual(streamPosition.epoch, first.streamPosition.epoch);

  const { offset } = await ada.history(room, { limit: 0 });
  await ada.publish(room, { id: 'again', n: 12 });
  await until(() => heard.seen.length > 10);
  assert.deepEqual(heard.seen.slice(10), [[offset + 1, 12]]);
});

test('keeps its connection while Redis hangs', async (t) => {
  // The SDK drops its connection when a subscribe is not answered in time. By default that is 5 s,
  // and 4 s to chirmd (tests/e2e/redis_failure_test.cc compares them); here a busy machine has more.
  const cluster = await Cluster.start(t, { nodes: 1, chirmd: ['--insecure', '--hold', '1'] });
  const ada = connect(cluster, cluster.url(0), { data: { name: 'ada' }, timeout: 60_000 });
  const heard = subscribe(ada, room);
  await next(heard, 'subscribed');
  await publish(ada, 1, 10);
  await until(() => heard.seen.length === 10);

  // Spread over a second, for chirmd looks for those that wait too long only now and then.
  cluster.redis.kill('SIGSTOP');
  const late = [];
  const refusals = [];
  for (let i = 0; i < 100; ++i) {
    late.push(subscribe(ada, `room:${i}`));
    late[i].once('error', ({ error }) => refusals.push(error.code));
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  await until(() => refusals.length === late.length);
  assert.ok(refusals.every((code) => code === 100));
  cluster.redis.kill('SIGCONT');
  await until(() => late.every((one) => one.state === 'subscribed'));
  await publish(ada, 11, 20);
  await until(() => heard.seen.length >= 20);
  assert.deepEqual(heard.seen, numbers(1, 20));
  assert.equal(eventsOf(heard, 'subscribing').length, 1);
  assert.equal(ada.state, 'connected');
});

test('stays subscribed over unsubscribe and subscribe back to back', async (t) => {
  const cluster = await Cluster.start(t);
  const ada = user(cluster, 0, 'ada');
  const heard = subscribe(ada, room);
  await next(heard, 'subscribed');
  await publish(ada, 1, 3);
  await until(() => heard.seen.length === 3);
  for (let round = 0; round < 20; ++round) {
    heard.unsubscribe();
    heard.subscribe();
  }
  await next(heard, 'subscribed');
  // And before the first subscribe is answered.
  const other = subscribe(ada, 'room:other');
  other.unsubscribe();
  other.subscribe();
  await until(() => heard.state === 'subscribed' && other.state === 'subscribed');
  await publish(ada, 4, 6);
  await until(() => heard.seen.length >= 6);
  assert.deepEqual(heard.seen, numbers(1, 6));
  assert.ok(eventsOf(heard, 'unsubscribed').every(({ code }) => code === 0)); // its own
  assert.equal(ada.state, 'connected');
});

test('stays away after a bad token', async (t) => {
  const cluster = await Cluster.start(t, withTokens);
  const eve = connect(cluster, cluster.url(0), { token: token({ sub: 'eve' }, 'another secret') });
  assert.equal((await next(eve, 'disconnected')).code, 3500);
  assert.equal(eve.state, 'disconnected');
  const nobody = connect(cluster, cluster.url(0));
  assert.equal((await next(nobody, 'disconnected')).code, 3501);
});

test('may not follow the conversations of others', async (t) => {
  const cluster = await Cluster.start(t, withTokens);
  const as = (sub) => connect(cluster, cluster.url(0), { token: token({ sub }, secret) });
  const theirs = subscribe(as('bob'), 'dm:#ada,bob');
  await next(theirs, 'subscribed');
  const eve = as('eve');
  const spying = subscribe(eve, 'dm:#ada,bob');
  assert.equal((await next(spying, 'unsubscribed')).code, 103);
  await assert.rejects(eve.publish('dm:#ada,bob', { n: 1 }), { code: 103 });
  assert.equal(eve.state, 'connected');
});

// SPDX-License-Identifier: MIT
// Nodes die and networks fail; nothing is lost and nothing comes twice.
import assert from 'node:assert/strict';
import test from 'node:test';
import { launch, message, newcomer, say, startCluster, texts } from './browser.js';
import { Door } from './cluster.js';

async function door(t, cluster, node) {
  const made = new Door();
  await made.open();
  t.after(() => made.close());
  made.leadTo(cluster.nodes[node].port);
  return made;
}

test('two on different nodes talk on when one node is killed', async (t) => {
  const cluster = await startCluster(t, { nodes: 3 });
  const browser = await launch(t);
  const doors = [await door(t, cluster, 0), await door(t, cluster, 1)];
  const ada = await newcomer(t, browser, doors[0].page, 'Ada');
  const bob = await newcomer(t, browser, doors[1].page, 'Bob');
  const expected = [];
  const both = async (text) => {
    expected.push(text);
    await Promise.all([ada, bob].map((page) => message(page, text).waitFor()));
  };
  await say(ada, 'from node 0');
  await both('from node 0');
  await say(bob, 'from node 1');
  await both('from node 1');

  doors[0].leadTo(1); // nobody listens there
  await cluster.nodes[0].kill();
  await ada.getByText('Connection lost').waitFor();
  for (let i = 0; i < 5; ++i) await say(ada, `typed meanwhile ${i}`);
  for (let i = 0; i < 5; ++i) await say(bob, `said meanwhile ${i}`);
  await message(bob, 'said meanwhile 4').waitFor();
  doors[0].leadTo(cluster.nodes[2].port);
  await ada.getByText('You are all caught up').waitFor();
  await message(bob, 'typed meanwhile 4').waitFor();

  await cluster.nodes[1].kill();
  await bob.getByText('Connection lost').waitFor();
  doors[1].leadTo(cluster.nodes[2].port);
  await bob.getByText('You are all caught up').waitFor();
  await say(bob, 'the end');
  await both('the end');
  for (let i = 0; i < 5; ++i) expected.push(`typed meanwhile ${i}`, `said meanwhile ${i}`);
  const [seenByAda, seenByBob] = [await texts(ada), await texts(bob)];
  assert.deepEqual(seenByAda, seenByBob);
  assert.deepEqual([...seenByAda].sort(), expected.sort());
});

test('what is typed offline outlives a reload and is sent once', async (t) => {
  const cluster = await startCluster(t);
  const browser = await launch(t);
  const way = await door(t, cluster, 0);
  const ada = await newcomer(t, browser, way.page, 'Ada');
  const bob = await newcomer(t, browser, cluster.http(0, '/'), 'Bob');
  await say(ada, 'online');
  await message(bob, 'online').waitFor();
  way.leadTo(1);
  way.cut();
  await ada.getByText('Connection lost').waitFor();
  await say(ada, 'typed offline');
  await ada.locator('.message.is-waiting', { hasText: 'typed offline' }).waitFor();
  await ada.getByText('1 message will be sent then').waitFor();
  way.leadTo(cluster.nodes[0].port);
  await ada.reload();
  await message(bob, 'typed offline').waitFor();
  await ada.locator('.message.is-waiting').waitFor({ state: 'detached' });
  await say(ada, 'and on');
  await message(bob, 'and on').waitFor();
  for (const page of [ada, bob]) assert.deepEqual(await texts(page), ['online', 'typed offline', 'and on']);
});

test('an answer that is lost makes no second message', async (t) => {
  const cluster = await startCluster(t);
  const browser = await launch(t);
  const way = await door(t, cluster, 0);
  const ada = await newcomer(t, browser, way.page, 'Ada');
  const bob = await newcomer(t, browser, cluster.http(0, '/'), 'Bob');
  await say(ada, 'before');
  await message(bob, 'before').waitFor();
  way.deafen(); // what the server says does not arrive
  await say(ada, 'stored, but not known to be');
  await message(bob, 'stored, but not known to be').waitFor();
  way.cut();
  await ada.getByText('You are all caught up').waitFor();
  await say(ada, 'after');
  await message(bob, 'after').waitFor();
  await ada.locator('.message.is-sending, .message.is-waiting').waitFor({ state: 'detached' });
  for (const page of [ada, bob]) {
    assert.deepEqual(await texts(page), ['before', 'stored, but not known to be', 'after']);
  }
});

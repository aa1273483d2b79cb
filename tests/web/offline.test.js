// SPDX-License-Identifier: MIT
// Nodes die and networks fail; nothing is lost and nothing comes twice.
import assert from 'node:assert/strict';
import test from 'node:test';
import {
  composer,
  createRoom,
  cutOff,
  door,
  glimpse,
  launch,
  launchAnother,
  message,
  newcomer,
  nowhere,
  oneBehindADoor,
  openTab,
  pair,
  rooms,
  say,
  signIn,
  signOut,
  startCluster,
  texts,
  writeTo,
} from './browser.js';

test('two browsers on different nodes talk on when one node is killed', async (t) => {
  const cluster = await startCluster(t, { nodes: 3 });
  const doors = [await door(t, cluster, 0), await door(t, cluster, 1)];
  const ada = await newcomer(t, await launchAnother(t), doors[0].page, 'Ada');
  const bob = await newcomer(t, await launchAnother(t), doors[1].page, 'Bob');
  await ada.getByRole('button', { name: / 2 here now/ }).waitFor();
  const expected = [];
  const both = async (text) => {
    expected.push(text);
    await Promise.all([ada, bob].map((page) => message(page, text).waitFor()));
  };
  await say(ada, 'from node 0');
  await both('from node 0');
  await say(bob, 'from node 1');
  await both('from node 1');

  doors[0].leadTo(nowhere);
  await cluster.nodes[0].kill();
  await ada.getByText('Connection lost').waitFor();
  await bob.getByRole('button', { name: / 1 here now/ }).waitFor();
  for (let i = 0; i < 5; ++i) await say(ada, `typed meanwhile ${i}`);
  for (let i = 0; i < 5; ++i) await say(bob, `said meanwhile ${i}`);
  await message(bob, 'said meanwhile 4').waitFor();
  doors[0].leadTo(cluster.nodes[2].port);
  await glimpse(ada, 'banner', 'You are all caught up');
  await message(bob, 'typed meanwhile 4').waitFor();
  await bob.getByRole('button', { name: / 2 here now/ }).waitFor();

  await cluster.nodes[1].kill();
  await bob.getByText('Connection lost').waitFor();
  doors[1].leadTo(cluster.nodes[2].port);
  await glimpse(bob, 'banner', 'You are all caught up');
  await say(bob, 'the end');
  await both('the end');
  for (let i = 0; i < 5; ++i) expected.push(`typed meanwhile ${i}`, `said meanwhile ${i}`);
  const [seenByAda, seenByBob] = [await texts(ada), await texts(bob)];
  assert.deepEqual(seenByAda, seenByBob);
  assert.deepEqual([...seenByAda].sort(), expected.sort());
  for (const page of [ada, bob]) {
    await page.reload();
    await message(page, 'the end').waitFor();
    assert.deepEqual(await texts(page), seenByAda);
  }
});

test('what is typed offline outlives a reload and is sent once', async (t) => {
  const { cluster, way, ada, bob } = await oneBehindADoor(t);
  await say(ada, 'online');
  await message(bob, 'online').waitFor();
  await cutOff(way, ada);
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
  const { cluster, way, ada, bob } = await oneBehindADoor(t);
  await say(ada, 'before');
  await message(bob, 'before').waitFor();
  way.deafen(); // what the server says does not arrive
  await say(ada, 'stored, but not known to be');
  await message(bob, 'stored, but not known to be').waitFor();
  way.cut();
  await glimpse(ada, 'banner', 'You are all caught up');
  await say(ada, 'after');
  await message(bob, 'after').waitFor();
  await ada.locator('.message.is-sending, .message.is-waiting').waitFor({ state: 'detached' });
  for (const page of [ada, bob]) {
    assert.deepEqual(await texts(page), ['before', 'stored, but not known to be', 'after']);
  }
});

// Somebody has the lobby's log deleted: it begins anew, with another epoch.
async function forgetLobby(cluster) {
  for (const key of ['s', 'm']) await cluster.redisCommand(`DEL chirm:{room:lobby}:${key}`);
}

test('what was missed and is not kept any more is told; the rest comes once', async (t) => {
  const { cluster, way, ada, bob } = await oneBehindADoor(t);
  await say(bob, 'before');
  await message(ada, 'before').waitFor();
  await cutOff(way, ada);
  await say(bob, 'missed');
  await bob.locator('.message:not(.is-pending)', { hasText: 'missed' }).waitFor();
  await forgetLobby(cluster);
  for (let i = 0; i < 3; ++i) await say(bob, `kept ${i}`);
  await bob.locator('.message:not(.is-pending)', { hasText: 'kept 2' }).waitFor();
  way.leadTo(cluster.nodes[0].port);
  await ada.getByText('some may be missing here').waitFor();
  await say(bob, 'after');
  await message(ada, 'after').waitFor();
  assert.deepEqual(await texts(ada), ['kept 0', 'kept 1', 'kept 2', 'after']);
  await ada.getByRole('button', { name: 'All right' }).click();
  await ada.getByText('some may be missing here').waitFor({ state: 'detached' });
});

// Nothing that was read is read of the new log.
test('a room that the server has forgotten goes on, and has unread messages', async (t) => {
  const { cluster, ada, bob } = await pair(t);
  for (let i = 0; i < 5; ++i) await say(bob, `old ${i}`);
  await message(ada, 'old 4').waitFor();
  await createRoom(ada, 'Elsewhere');
  await rooms(ada, 'Lobby').locator('.badge').waitFor({ state: 'detached' });
  await forgetLobby(cluster);
  await say(bob, 'new 0');
  await say(bob, 'new 1');
  await rooms(ada, 'Lobby').locator('.badge', { hasText: /^2$/ }).waitFor();
  await rooms(ada, 'Lobby').click();
  await message(ada, 'new 1').waitFor();
  assert.deepEqual(await texts(ada), ['new 0', 'new 1']);
  await rooms(ada, 'Lobby').locator('.badge').waitFor({ state: 'detached' });
  await ada.reload();
  await message(ada, 'new 1').waitFor();
  await rooms(ada, 'Elsewhere').click();
  await say(bob, 'new 2');
  await rooms(ada, 'Lobby').locator('.badge', { hasText: /^1$/ }).waitFor();
});

test('a first private message that came while one was offline is there, and told', async (t) => {
  const { cluster, way, ada, bob } = await oneBehindADoor(t);
  await cutOff(way, ada);
  await writeTo(bob, 'ada', 'Ada');
  await say(bob, 'are you there?');
  await say(bob, 'call me');
  await bob.locator('.message:not(.is-pending)', { hasText: 'call me' }).waitFor();
  way.leadTo(cluster.nodes[0].port);
  await rooms(ada, 'Bob').locator('.badge.is-loud', { hasText: /^2$/ }).waitFor();
  assert.equal(await ada.title(), '(2) chirm');
  await rooms(ada, 'Bob').click();
  await message(ada, 'call me').waitFor();
  assert.deepEqual(await texts(ada), ['are you there?', 'call me']);
});

test('what waits for a room that one was thrown out of is told of', async (t) => {
  const cluster = await startCluster(t);
  const browser = await launch(t);
  const way = await door(t, cluster, 0);
  const ada = await newcomer(t, browser, cluster.http(0, '/'), 'Ada');
  const bob = await newcomer(t, browser, way.page, 'Bob');
  await createRoom(ada, 'Nest');
  await bob.goto(`${way.page}#/room/nest`);
  await bob.getByRole('button', { name: 'Join room' }).click();
  await say(bob, 'hello');
  await message(ada, 'hello').waitFor();
  await cutOff(way, bob);
  await say(bob, 'too late');
  await rooms(bob, 'Lobby').click();
  await message(ada, 'hello').getByRole('button', { name: 'Bob' }).click();
  await ada.getByRole('menuitem', { name: 'Ban…' }).click();
  await ada.getByRole('button', { name: 'Ban', exact: true }).click();
  await ada.getByText(/banned Bob/).waitFor();
  way.leadTo(cluster.nodes[0].port);
  await bob.getByText(/Not sent to nest: /i).waitFor();
  assert.equal(await message(ada, 'too late').count(), 0);
  await signOut(bob);
  await bob.getByText('1 message of yours is not sent').waitFor();
});

test('more conversations than a connection may follow: each is alive when it is open', async (t) => {
  const cluster = await startCluster(t, { chirmd: ['--channels-per-client', '4'] });
  const browser = await launch(t);
  const url = cluster.http(0, '/');
  const ada = await newcomer(t, browser, url, 'Ada');
  const titles = ['Alpha', 'Beta', 'Gamma', 'Delta', 'Epsilon'];
  for (const title of titles) await createRoom(ada, title);
  const bob = await newcomer(t, browser, url, 'Bob');
  for (const title of [...titles, ...titles]) {
    await rooms(ada, title).click();
    await ada.getByRole('heading', { name: title }).first().waitFor();
    await bob.goto(`${url}#/room/${title.toLowerCase()}`);
    const join = bob.getByRole('button', { name: 'Join room' });
    await join.or(composer(bob)).first().waitFor();
    if (await join.count()) await join.click();
    const text = `in ${title}, ${Math.random()}`;
    await say(bob, text);
    await message(ada, text).waitFor();
    assert.equal(await message(ada, text).count(), 1);
  }
  const again = await openTab(t, browser, url);
  await signIn(again, 'ada');
  for (const title of titles) {
    await rooms(again, title).click();
    await message(again, `in ${title}`).nth(1).waitFor();
    assert.equal(await message(again, `in ${title}`).count(), 2);
  }
});

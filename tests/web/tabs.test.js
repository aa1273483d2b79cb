// SPDX-License-Identifier: MIT
// One person in several tabs and on several devices, and what is told to whom.
import assert from 'node:assert/strict';
import test from 'node:test';
import {
  composer,
  createRoom,
  cutOff,
  door,
  launch,
  menu,
  message,
  newcomer,
  openBeside,
  openTab,
  pair,
  register,
  rooms,
  say,
  signIn,
  signOut,
  startCluster,
  texts,
} from './browser.js';
import { until } from './cluster.js';

test('what two tabs have typed offline is sent once', async (t) => {
  const cluster = await startCluster(t);
  const browser = await launch(t);
  const way = await door(t, cluster, 0);
  const ada = await newcomer(t, browser, way.page, 'Ada');
  const beside = await openBeside(t, ada, way.page);
  await composer(beside).waitFor();
  const bob = await newcomer(t, browser, cluster.http(0, '/'), 'Bob');
  await cutOff(way, ada, beside);
  const typed = [];
  for (let i = 0; i < 4; ++i) {
    await say(ada, `first ${i}`);
    await say(beside, `second ${i}`);
    typed.push(`first ${i}`, `second ${i}`);
  }
  way.leadTo(cluster.nodes[0].port);
  const third = await openBeside(t, ada, way.page); // has all of them
  for (const text of typed) await message(bob, text).waitFor();
  await say(bob, 'the end');
  for (const page of [ada, beside, third, bob]) {
    await message(page, 'the end').waitFor();
    await page.locator('.message.is-pending').waitFor({ state: 'detached' });
    assert.deepEqual((await texts(page)).sort(), [...typed, 'the end'].sort());
  }
});

test('what one has typed is never sent by another who signs in in another tab', async (t) => {
  const cluster = await startCluster(t);
  const browser = await launch(t);
  const way = await door(t, cluster, 0);
  const page = await openTab(t, browser, way.page);
  const beside = await openBeside(t, page, way.page);
  const eve = await newcomer(t, browser, cluster.http(0, '/'), 'Eve');
  await register(page, 'Ada');
  await cutOff(way, page);
  await say(page, 'from Ada');
  await page.route('**/connection/**', (route) => route.abort());
  way.leadTo(cluster.nodes[0].port);
  await register(beside, 'Bob');
  await page.getByText('You are Bob now').waitFor();
  await say(beside, 'from Bob');
  await message(eve, 'from Bob').waitFor();
  await signOut(beside);
  await signIn(beside, 'ada');
  await message(eve, 'from Ada').getByRole('button', { name: 'Ada' }).waitFor();
  assert.deepEqual((await texts(eve)).sort(), ['from Ada', 'from Bob']);
});

test('what is read on one device is read on the other', async (t) => {
  const cluster = await startCluster(t, { nodes: 2 });
  const browser = await launch(t);
  const ada = await newcomer(t, browser, cluster.http(0, '/'), 'Ada');
  await createRoom(ada, 'Elsewhere');
  const second = await openTab(t, browser, cluster.http(1, '/'));
  await signIn(second, 'ada');
  await rooms(second, 'Elsewhere').click();
  const bob = await newcomer(t, browser, cluster.http(0, '/'), 'Bob');
  for (let i = 0; i < 3; ++i) await say(bob, `word ${i}`);
  for (const page of [ada, second]) {
    await rooms(page, 'Lobby').locator('.badge', { hasText: /^3$/ }).waitFor();
    assert.equal(await page.title(), '• chirm');
  }
  await rooms(second, 'Lobby').click();
  await message(second, 'word 2').waitFor();
  await rooms(ada, 'Lobby').locator('.badge').waitFor({ state: 'detached' });
  assert.equal(await ada.title(), 'chirm');
  await ada.reload();
  await rooms(ada, 'Lobby').waitFor();
  assert.equal(await rooms(ada, 'Lobby').locator('.badge').count(), 0);
});

test('who writes without a pause is read all the same', async (t) => {
  const cluster = await startCluster(t);
  const browser = await launch(t);
  const ada = await newcomer(t, browser, cluster.http(0, '/'), 'Ada');
  const second = await openTab(t, browser, cluster.http(0, '/'));
  await signIn(second, 'ada');
  await createRoom(second, 'Elsewhere');
  const bob = await newcomer(t, browser, cluster.http(0, '/'), 'Bob');
  let isDone = false;
  const talk = (async () => {
    for (let i = 0; !isDone; ++i) await say(bob, `word ${i}`);
  })();
  await message(ada, 'word 20').waitFor();
  const badge = rooms(second, 'Lobby').locator('.badge');
  const unread = async () => Number((await badge.allTextContents())[0] ?? 0);
  const newest = async () => Number((await texts(ada)).at(-1).split(' ')[1]);
  // While he goes on, the second device hears what is read on the first.
  await until(async () => (await newest()) - (await unread()) > 10);
  isDone = true;
  await talk;
});

test('an invitation is told, and leads into the room', async (t) => {
  const { url, ada, bob } = await pair(t);
  await createRoom(ada, 'Den', { isPrivate: true });
  await say(ada, 'only us');
  await bob.goto(`${url}#/room/den`);
  await bob.getByText('There is no such room').waitFor();
  await ada.getByRole('button', { name: 'More', exact: true }).click();
  await menu(ada, 'Invite…');
  await ada.getByRole('dialog').getByLabel('User name').fill('bob');
  await ada.getByRole('button', { name: 'Invite', exact: true }).click();
  const invitation = bob.locator('.invitation', { hasText: 'Den' });
  await invitation.getByText('by ada').waitFor();
  await invitation.getByRole('button', { name: 'Join' }).click();
  await message(bob, 'only us').waitFor();
  await invitation.waitFor({ state: 'detached' });
  await say(bob, 'thank you');
  await message(ada, 'thank you').waitFor();
});

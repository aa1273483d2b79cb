// SPDX-License-Identifier: MIT
// Whatever was said and is kept can be reached, by scrolling or by its address.
import assert from 'node:assert/strict';
import test from 'node:test';
import {
  createRoom,
  cutOff,
  door,
  glimpse,
  glimpses,
  launch,
  message,
  newcomer,
  openTab,
  publishAll,
  register,
  rooms,
  startCluster,
} from './browser.js';

// A second node without accounts lets one client say what it likes.
const nodes = { nodes: 2, each: [[], ['--insecure']] };

const words = (text) => ({ id: text, type: 'message', text, time: Date.now() });
const reaction = (i) => ({ id: `r${i}`, type: 'reaction', target: 3, key: '👍', on: i % 2 === 0 });

test('messages are reached behind hundreds of reactions to one of them', async (t) => {
  const cluster = await startCluster(t, nodes);
  const browser = await launch(t);
  const reactions = Array.from({ length: 270 }, (_, i) => reaction(i));
  await publishAll(t, browser, cluster, 1, [words('one'), words('two'), words('three'), ...reactions]);
  const page = await openTab(t, browser, cluster.http(0, '/'));
  await register(page, 'Ada');
  await message(page, 'one').waitFor();
  await message(page, 'three').waitFor();
  await page.locator('.start').waitFor();
});

test('an address of a message leads to it, or tells why not', async (t) => {
  const cluster = await startCluster(t, nodes);
  const browser = await launch(t);
  const way = await door(t, cluster);
  const many = Array.from({ length: 300 }, (_, i) => words(`number ${i + 1}.`));
  await publishAll(t, browser, cluster, 1, many);
  const page = await newcomer(t, browser, way.page, 'Ada');
  await message(page, 'number 300.').waitFor();
  const lead = (at) => page.evaluate((hash) => (location.hash = hash), `#/room/lobby?at=${at}`);

  await cutOff(way, page);
  await lead(2);
  await glimpse(page, 'toast', 'could not be loaded. Try again');
  const toasts = await glimpses(page, 'toast');
  assert.equal(toasts.filter((text) => text.includes('is not kept any more')).length, 0);
  way.leadTo(cluster.nodes[0].port);
  await glimpse(page, 'banner', 'You are all caught up');
  await page.evaluate(() => (location.hash = '#/room/lobby'));
  await lead(2);
  await glimpse(page, 'flash', 'number 2.');
  assert.equal(await page.evaluate(() => location.hash), '#/room/lobby');
  await lead(9999);
  await glimpse(page, 'toast', 'That message is not kept any more');
});

test('an address in another room is not looked for in this one', async (t) => {
  const cluster = await startCluster(t, nodes);
  const browser = await launch(t);
  await publishAll(t, browser, cluster, 1, [words('in the lobby')]);
  const page = await newcomer(t, browser, cluster.http(0, '/'), 'Ada');
  await message(page, 'in the lobby').waitFor();
  await createRoom(page, 'Attic');
  await page.evaluate(() => (location.hash = '#/room/lobby?at=1'));
  await glimpse(page, 'flash', 'in the lobby');
  await page.evaluate(() => (location.hash = '#/room/attic?at=77'));
  await glimpse(page, 'toast', 'That message is not kept any more');
  await page.getByRole('heading', { name: 'Attic' }).first().waitFor();
  await rooms(page, 'Attic').and(page.locator('.is-open')).waitFor();
  assert.equal((await glimpses(page, 'toast')).length, 1);
});

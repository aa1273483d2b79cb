// SPDX-License-Identifier: MIT
// Searching in a conversation.
import test from 'node:test';
import { glimpse, launch, message, newcomer, say, startCluster } from './browser.js';

test('search finds old messages and leads to them', async (t) => {
  const cluster = await startCluster(t);
  const browser = await launch(t);
  const ada = await newcomer(t, browser, cluster.http(0, '/'), 'Ada');
  const bob = await newcomer(t, browser, cluster.http(0, '/'), 'Bob');
  await say(ada, 'the pelican has landed');
  for (let i = 0; i < 40; ++i) await say(ada, `filler number ${i}`);
  await message(bob, 'filler number 39').waitFor();
  await bob.getByRole('button', { name: 'Search in this conversation' }).click();
  await bob.getByLabel('Words to search for').fill('pelican');
  await bob.locator('.hit', { hasText: 'pelican' }).click();
  await glimpse(bob, 'flash', 'the pelican has landed');
});

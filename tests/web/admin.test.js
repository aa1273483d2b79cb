// SPDX-License-Identifier: MIT
// The operator's page, for operators only.
import assert from 'node:assert/strict';
import test from 'node:test';
import {
  administrator,
  composer,
  launch,
  message,
  newcomer,
  openTab,
  say,
  signIn,
  startCluster,
} from './browser.js';

test('who is no administrator is told so', async (t) => {
  const cluster = await startCluster(t);
  const browser = await launch(t);
  const page = await newcomer(t, browser, cluster.http(0, '/'), 'Ada');
  await page.goto(cluster.http(0, '/admin'));
  await page.getByRole('heading', { name: 'This page is for administrators' }).waitFor();
  assert.equal(await page.locator('table').count(), 0);
});

test('an administrator sees nodes and people, and can act', async (t) => {
  const cluster = await startCluster(t, { nodes: 2, chirmd: administrator.options });
  const browser = await launch(t);
  const url = cluster.http(0, '/');
  const ada = await newcomer(t, browser, cluster.http(1, '/'), 'Ada');
  const page = await openTab(t, browser, url);
  await administrator.signIn(cluster, page);
  await page.goto(cluster.http(0, '/admin'));
  await page.getByText('Live', { exact: true }).waitFor();
  for (const node of ['n0', 'n1']) await page.getByRole('rowheader', { name: node }).waitFor();
  await page.getByRole('img', { name: /^Connections: / }).waitFor();
  await page.locator('.busiest li', { hasText: 'lobby' }).getByLabel('1 connected').waitFor();
  await say(ada, 'hello');
  await message(ada, 'hello').waitFor();

  await page.getByRole('button', { name: 'Notice to all' }).click();
  await page.getByLabel('What everybody').fill('Restart at noon');
  await page.getByRole('button', { name: 'Send to all' }).click();
  await page.getByText(/Your notice went to \d+ connections?/).waitFor();
  await ada.getByText('Restart at noon').waitFor();
  await ada.getByRole('button', { name: 'Dismiss' }).click();
  await ada.getByText('Restart at noon').waitFor({ state: 'detached' });

  await page.getByLabel('User name').fill('nobody-here');
  await page.getByRole('button', { name: 'Look up' }).click();
  await page.getByText('There is no user “nobody-here”').waitFor();
  await page.getByLabel('User name').fill('ada');
  await page.getByRole('button', { name: 'Look up' }).click();
  await page.getByText('@ada').waitFor();
  await page.getByRole('heading', { name: 'Sessions · 1' }).waitFor();
  await page.getByRole('heading', { name: 'Connections · 1' }).waitFor();
  await page.getByLabel('Reason').fill('rude');
  const dialog = page.getByRole('dialog', { name: 'Ban Ada for 1 day?' });
  await page.getByRole('button', { name: 'Ban', exact: true }).click();
  await dialog.getByRole('button', { name: 'Cancel' }).click();
  await dialog.waitFor({ state: 'detached' });
  assert.equal(await page.getByText(/Banned until/).count(), 0);
  await page.getByRole('button', { name: 'Ban', exact: true }).click();
  await dialog.getByRole('button', { name: 'Ban', exact: true }).click();
  await page.getByText(/Banned until .*rude/).waitFor();
  await ada.getByRole('heading', { name: 'Welcome back' }).waitFor();
  assert.equal(await composer(ada).count(), 0);
  await page.getByRole('button', { name: 'Lift the ban' }).click();
  await page.getByText('The ban is lifted').waitFor();
  await signIn(ada, 'ada');
});

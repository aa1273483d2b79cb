// SPDX-License-Identifier: MIT
// Coming in and going out.
import assert from 'node:assert/strict';
import test from 'node:test';
import { composer, fillSignIn, launch, menu, openTab, password, register, signIn, startCluster } from './browser.js';

async function setUp(t) {
  const cluster = await startCluster(t);
  const browser = await launch(t);
  return { url: cluster.http(0, '/'), browser };
}

test('who registers is in the lobby, and still after a reload', async (t) => {
  const { url, browser } = await setUp(t);
  const page = await openTab(t, browser, url);
  await register(page, 'Ada');
  await page.getByRole('heading', { name: 'Lobby' }).first().waitFor();
  assert.equal(await page.locator('.me b').textContent(), 'Ada');
  await page.reload();
  await composer(page).waitFor();
  assert.equal(await page.locator('.me b').textContent(), 'Ada');
});

test('a wrong password is told, and lets nobody in', async (t) => {
  const { url, browser } = await setUp(t);
  const page = await openTab(t, browser, url);
  await register(page, 'ada');
  const other = await openTab(t, browser, url);
  await fillSignIn(other, 'ada', 'something else');
  await other.getByRole('alert').filter({ hasText: 'do not belong together' }).waitFor();
  await fillSignIn(other, 'nobody-here', password);
  await other.getByRole('alert').filter({ hasText: 'do not belong together' }).waitFor();
  assert.equal(await composer(other).count(), 0);
  await fillSignIn(other, 'ADA', password);
  await composer(other).waitFor();
});

test('a name that is taken, in whatever case, is told', async (t) => {
  const { url, browser } = await setUp(t);
  await register(await openTab(t, browser, url), 'ada');
  const page = await openTab(t, browser, url);
  await page.getByRole('button', { name: 'Create an account' }).click();
  await fillSignIn(page, 'Ada');
  await page.getByRole('alert').filter({ hasText: 'Somebody has this name' }).waitFor();
});

test('a guest comes in with a name of their own', async (t) => {
  const { url, browser } = await setUp(t);
  const page = await openTab(t, browser, url);
  await page.getByRole('button', { name: 'Continue as a guest' }).click();
  await page.getByLabel('What shall we call you?').fill('wren');
  await page.getByRole('button', { name: 'Continue as guest' }).click();
  await composer(page).waitFor();
  assert.match(await page.locator('.me b').textContent(), /^~wren-/);
});

test('who signs out is out, also after a reload', async (t) => {
  const { url, browser } = await setUp(t);
  const page = await openTab(t, browser, url);
  await register(page, 'ada');
  await page.getByRole('button', { name: 'Your account' }).click();
  await page.getByRole('menuitem', { name: 'Sign out', exact: true }).click();
  await page.getByRole('heading', { name: 'Welcome back' }).waitFor();
  await page.reload();
  await page.getByRole('heading', { name: 'Welcome back' }).waitFor();
  assert.deepEqual(
    await page.evaluate(() => Object.keys(localStorage).filter((key) => key !== 'chirm.theme')),
    [],
  );
});

test('a new password ends the other sessions', async (t) => {
  const { url, browser } = await setUp(t);
  const page = await openTab(t, browser, url);
  await register(page, 'ada');
  const other = await openTab(t, browser, url);
  await signIn(other, 'ada');
  await page.getByRole('button', { name: 'Your account' }).click();
  await menu(page, 'Change password');
  const fill = async (old) => {
    await page.getByLabel('Current password').fill(old);
    await page.getByLabel('New password', { exact: false }).first().fill('another horse 1');
    await page.getByLabel('New password again').fill('another horse 1');
    await page.getByRole('button', { name: 'Change password' }).click();
  };
  await fill('not this one');
  await page.getByRole('alert').filter({ hasText: 'do not belong together' }).waitFor();
  await fill(password);
  await page.getByText('Your password is changed').waitFor();
  await other.getByRole('heading', { name: 'Welcome back' }).waitFor();
  await fillSignIn(other, 'ada', 'another horse 1');
  await composer(other).waitFor();
});

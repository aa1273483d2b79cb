// SPDX-License-Identifier: MIT
// Coming in and going out.
import assert from 'node:assert/strict';
import test from 'node:test';
import {
  administrator,
  composer,
  fillSignIn,
  glimpse,
  glimpses,
  launch,
  menu,
  openBeside,
  openTab,
  password,
  register,
  signIn,
  signOut,
  startCluster,
} from './browser.js';

async function setUp(t) {
  const cluster = await startCluster(t);
  const browser = await launch(t);
  return { url: cluster.http(0, '/'), browser };
}

async function signOutEverywhere(page) {
  await page.getByRole('button', { name: 'Your account' }).click();
  await menu(page, 'Sign out everywhere');
  await page.getByRole('button', { name: 'Sign out everywhere' }).click();
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
  await signOut(page);
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
  await glimpse(page, 'toast', 'Your password is changed');
  await other.getByRole('heading', { name: 'Welcome back' }).waitFor();
  await fillSignIn(other, 'ada', 'another horse 1');
  await composer(other).waitFor();
});

test('who could not be signed out is told so, and stays', async (t) => {
  const { url, browser } = await setUp(t);
  const page = await openTab(t, browser, url);
  await register(page, 'ada');
  await page.route('**/auth/logout', (route) => route.abort());
  await signOut(page);
  await glimpse(page, 'toast', 'The server cannot be reached');
  await signOutEverywhere(page);
  await glimpse(page, 'toast', 'The server cannot be reached');
  const toasts = await glimpses(page, 'toast');
  assert.equal(toasts.filter((text) => text.includes('Signed out everywhere')).length, 0);
  await page.reload();
  await composer(page).waitFor();
});

test('signing out everywhere ends all sessions', async (t) => {
  const { url, browser } = await setUp(t);
  const page = await openTab(t, browser, url);
  await register(page, 'ada');
  const other = await openTab(t, browser, url);
  await signIn(other, 'ada');
  await signOutEverywhere(page);
  await glimpse(page, 'toast', 'Signed out everywhere');
  for (const each of [page, other]) {
    await each.getByRole('heading', { name: 'Welcome back' }).waitFor();
    await each.reload();
    await each.getByRole('heading', { name: 'Welcome back' }).waitFor();
  }
});

test('a server that ends each connection is not asked for ever', async (t) => {
  const { url, browser } = await setUp(t);
  const page = await openTab(t, browser, url);
  await register(page, 'ada');
  // Its time stands still: half a minute later it would be right to try once more.
  await page.addInitScript(() => {
    performance.now = () => 1000;
  });
  let refreshes = 0;
  let connections = 0;
  page.on('request', (request) => (refreshes += request.url().endsWith('/auth/refresh') ? 1 : 0));
  await page.routeWebSocket(/connection/, (socket) => {
    ++connections;
    void socket.close({ code: 3500, reason: 'not today' });
  });
  await page.reload();
  await page.getByText('You were signed out: not today').waitFor();
  assert.deepEqual([refreshes, connections], [2, 2]); // at the beginning, and one attempt
});

test('a server that is busy when the connection ends is waited for', async (t) => {
  const { url, browser } = await setUp(t);
  const page = await openTab(t, browser, url);
  await register(page, 'ada');
  let busy = 0;
  await page.route('**/auth/refresh', (route) => {
    if (++busy > 3) return route.continue();
    const error = { code: 'busy', message: 'busy' };
    return busy === 1 ? route.abort() : route.fulfill({ status: 503, json: { error } });
  });
  let isFirst = true;
  await page.routeWebSocket(/connection/, (socket) => {
    if (!isFirst) return void socket.connectToServer();
    isFirst = false;
    void socket.close({ code: 3500, reason: 'not today' });
  });
  await page.reload();
  await composer(page).waitFor();
  assert.equal(await page.getByRole('heading', { name: 'Welcome back' }).count(), 0);
});

test('who signed in at the operators’ page is signed in to the chat', async (t) => {
  const cluster = await startCluster(t, { chirmd: administrator.options });
  const page = await openTab(t, await launch(t), cluster.http(0, '/admin'));
  administrator.setPassword(cluster);
  await fillSignIn(page, 'root');
  await page.getByText('Live', { exact: true }).waitFor();
  await page.goto(cluster.http(0, '/'));
  await composer(page).waitFor();
});

test('whoever signs in in another tab is who this tab is, too', async (t) => {
  const { url, browser } = await setUp(t);
  const page = await openTab(t, browser, url);
  const beside = await openBeside(t, page, url);
  await register(page, 'Ada');
  await composer(page).fill('a draft of Ada');
  await register(beside, 'Bob');
  await page.getByText('You are Bob now').waitFor();
  await page.locator('.me b', { hasText: 'Bob' }).waitFor();
  assert.equal(await composer(page).inputValue(), '');
  await signOut(page);
  for (const each of [page, beside]) {
    await each.getByRole('heading', { name: 'Welcome back' }).waitFor();
  }
});

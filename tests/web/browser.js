// SPDX-License-Identifier: MIT
// Debian's Chromium, and people in it who use the page as people do: by what they see.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { after } from 'node:test';
import { chromium } from 'playwright-core';
import { Cluster, Door } from './cluster.js';

export const patienceMs = 60_000;
export const password = 'correct horse battery';

const options = {
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: [
    '--headless',
    '--no-sandbox',
    '--disable-gpu',
    '--disable-quic',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
  ],
};

let shared;
after(async () => (await shared)?.close());

// The browser of this file's tests. People in it have nothing in common: see openTab().
export async function launch() {
  return (shared ??= chromium.launch(options));
}

// A process of its own, that ends with the test.
export async function launchAnother(t) {
  const browser = await chromium.launch(options);
  t.after(() => browser.close());
  return browser;
}

export async function startCluster(t, more = {}) {
  return Cluster.start(t, { nodes: 1, chirmd: [], ...more });
}

// A way to a node that can be cut and led elsewhere.
export async function door(t, cluster, node) {
  const made = new Door();
  await made.open();
  t.after(() => made.close());
  made.leadTo(cluster.nodes[node].port);
  return made;
}

// Nobody answers there.
export const nowhere = 1;

// A tab that nobody is signed in on, in a profile of its own. Errors in the page fail the test.
export async function openTab(t, browser, url, context = {}) {
  const made = await browser.newContext({
    viewport: { width: 1280, height: 800 },
    locale: 'en-GB',
    reducedMotion: 'reduce',
    ...context,
  });
  const page = await made.newPage();
  const problems = [];
  watch(page, problems);
  t.after(async () => {
    await made.close().catch(() => undefined);
    assert.deepEqual(problems, [], 'the page complained');
  });
  await page.goto(url);
  return page;
}

// Another tab of the same profile.
export async function openBeside(t, page, url) {
  const made = await page.context().newPage();
  const problems = [];
  watch(made, problems);
  t.after(() => assert.deepEqual(problems, [], 'the page complained'));
  await made.goto(url);
  return made;
}

function watch(page, problems) {
  page.setDefaultTimeout(patienceMs);
  page.on('pageerror', (error) => problems.push(error.stack ?? String(error)));
  page.on('console', (message) => {
    const text = message.text();
    // Refusals and lost connections are what some tests are about; the browser logs them all.
    const isExpected = /Failed to load resource|WebSocket/.test(text);
    if (message.type() === 'error' && !isExpected) problems.push(text);
  });
}

export async function fillSignIn(page, name, secret = password) {
  await page.getByLabel('Name', { exact: true }).fill(name);
  await page.getByLabel('Password', { exact: true }).fill(secret);
  await page.locator('form button[type=submit]').click();
}

export async function register(page, name) {
  await page.getByRole('button', { name: 'Create an account' }).click();
  await fillSignIn(page, name);
  await composer(page).waitFor();
}

export async function signIn(page, name) {
  await fillSignIn(page, name);
  await composer(page).waitFor();
}

// Somebody new, in a tab of their own, in the lobby.
export async function newcomer(t, browser, url, name, context) {
  const page = await openTab(t, browser, url, context);
  await register(page, name);
  return page;
}

export const composer = (page) => page.locator('.composer textarea');
export const message = (page, text) => page.locator('.message', { hasText: text });
export const rooms = (page, title) => page.locator('.sidebar a.line', { hasText: title });

export async function createRoom(page, title, { isPrivate = false, topic = '' } = {}) {
  await page.getByRole('button', { name: 'Create a room' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Name', { exact: false }).first().fill(title);
  await dialog.getByLabel('Topic').fill(topic);
  if (isPrivate) await dialog.getByLabel('By invitation only').check();
  await dialog.getByRole('button', { name: 'Create', exact: true }).click();
  await page.getByRole('heading', { name: title }).first().waitFor();
}

export async function writeTo(page, user, name) {
  await page.getByRole('button', { name: 'Write to somebody' }).click();
  await page.getByRole('dialog').getByLabel('User name').fill(user);
  await page.getByRole('button', { name: 'Open', exact: true }).click();
  await page.getByRole('heading', { name }).first().waitFor();
}

export async function signOut(page) {
  await page.getByRole('button', { name: 'Your account' }).click();
  await page.getByRole('menuitem', { name: 'Sign out', exact: true }).click();
}

export async function say(page, text) {
  await composer(page).fill(text);
  await composer(page).press('Enter');
}

// The texts of the messages in sight, in order.
export const texts = (page) => page.locator('.message .message-text').allTextContents();

export async function menu(page, item) {
  await page.getByRole('menuitem', { name: item }).click();
}

// Opens a message's tools, as a pointer does, and clicks one.
export async function tool(page, text, name) {
  const found = message(page, text).last();
  await found.hover();
  await found.getByRole('button', { name, exact: true }).click();
}

// Who may see the operator's page: the operator gives them their password.
export const administrator = {
  options: ['--admins', 'root'],
  setPassword(cluster) {
    const command = ['--redis', `unix://${cluster.socket}`, '--set-password', 'root'];
    const set = spawnSync(process.env.CHIRMD, command, { input: `${password}\n`, encoding: 'utf8' });
    assert.equal(set.status, 0, set.stderr);
  },
  async signIn(cluster, page) {
    administrator.setPassword(cluster);
    await signIn(page, 'root');
  },
};

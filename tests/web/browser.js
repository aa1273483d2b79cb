// SPDX-License-Identifier: MIT
// Debian's Chromium, and people in it who use the page as people do: by what they see. They wait
// long for it, for the machine may be busy; but no longer than the nodes and the browser live.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { after } from 'node:test';
import { chromium } from 'playwright-core';
import { Cluster, Door, inTime, onBroken, patienceMs } from './cluster.js';

export const password = 'correct horse battery';

// The headless shell: Chromium's engine without the windows around it, which take as much CPU time
// as the page itself.
const options = {
  timeout: patienceMs,
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium-headless-shell',
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

// The browser of this file's tests. People in it have nothing in common: see openTab(). When it has
// died under one test, the next one gets another.
export async function launch() {
  if (shared && !(await shared).isConnected()) shared = undefined;
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
export async function door(t, cluster, node = 0) {
  const made = new Door();
  await made.open();
  t.after(() => made.close());
  made.leadTo(cluster.nodes[node].port);
  return made;
}

// Nobody answers there.
export const nowhere = 1;

// A profile of its own. It closes when a process has died, so that whatever waits for something in
// it is told at once why that will not come.
export async function openContext(t, browser, options = {}) {
  const context = await browser.newContext(options);
  context.setDefaultTimeout(patienceMs);
  const forget = onBroken((error) => void context.close({ reason: error.message }).catch(() => {}));
  t.after(async () => {
    forget();
    await context.close().catch(() => undefined);
  });
  return context;
}

// A tab that nobody is signed in on, in a profile of its own. Errors in the page fail the test.
export async function openTab(t, browser, url, options = {}) {
  const context = await openContext(t, browser, {
    viewport: { width: 1280, height: 800 },
    locale: 'en-GB',
    reducedMotion: 'reduce',
    ...options,
  });
  await context.addInitScript(keepGlimpses, passing);
  return openPage(t, context, url);
}

// Another tab of the same profile.
export const openBeside = (t, page, url) => openPage(t, page.context(), url);

async function openPage(t, context, url) {
  const page = await context.newPage();
  const problems = [];
  page.on('pageerror', (error) => problems.push(error.stack ?? String(error)));
  page.on('console', (message) => {
    const text = message.text();
    // Refusals and lost connections are what some tests are about; the browser logs them all.
    const isExpected = /Failed to load resource|WebSocket/.test(text);
    if (message.type() === 'error' && !isExpected) problems.push(text);
  });
  t.after(() => assert.deepEqual(problems, [], 'the page complained'));
  await page.goto(url);
  return page;
}

// --- What passes by itself

// Where something stands in the page that is gone again after some seconds, unlike all else that
// tests wait for. On a busy machine it may be gone before they look.
const passing = {
  toast: '.toast',
  banner: '.banner',
  typing: '.typing',
  flash: '.message.is-flashing',
};

// In the page: writes down each text that stands there.
function keepGlimpses(places) {
  window.glimpses = [];
  window.glimpsesTaken = 0;
  const shown = new Map(); // element → its text
  const look = () => {
    for (const [place, selector] of Object.entries(places)) {
      for (const element of document.querySelectorAll(selector)) {
        const text = element.textContent;
        if (shown.get(element) !== text) window.glimpses.push({ place, text });
        shown.set(element, text);
      }
    }
    const all = Object.values(places).join();
    for (const element of shown.keys()) {
      if (!element.isConnected || !element.matches(all)) shown.delete(element);
    }
  };
  const options = { subtree: true, childList: true, characterData: true, attributes: true };
  new MutationObserver(look).observe(document, { ...options, attributeFilter: ['class'] });
}

const escaped = (text) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

// Waits until that text stands or has stood in that place since the last glimpse on this page.
export async function glimpse(page, place, text) {
  const { source, flags } = text instanceof RegExp ? text : new RegExp(escaped(text));
  try {
    await page.waitForFunction(
      ([wanted, source, flags]) => {
        const pattern = new RegExp(source, flags);
        const at = window.glimpses.findIndex(
          ({ place, text }, index) =>
            index >= window.glimpsesTaken && place === wanted && pattern.test(text),
        );
        if (at < 0) return false;
        window.glimpsesTaken = at + 1;
        return true;
      },
      [place, source, flags],
    );
  } catch (error) {
    const seen = await glimpses(page, place).catch(() => []);
    throw new Error(`no ${place} said ${text}, but: ${seen.join(' | ')}`, { cause: error });
  }
}

// All texts that have stood in that place since the page was loaded.
export const glimpses = (page, wanted) =>
  page.evaluate(
    (wanted) => window.glimpses.filter(({ place }) => place === wanted).map(({ text }) => text),
    wanted,
  );

// --- What people do

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

// Two people in the lobby.
export async function pair(t) {
  const cluster = await startCluster(t);
  const browser = await launch(t);
  const url = cluster.http(0, '/');
  const ada = await newcomer(t, browser, url, 'Ada');
  const bob = await newcomer(t, browser, url, 'Bob');
  return { cluster, browser, url, ada, bob };
}

// Likewise, and Ada's way to the server can be cut.
export async function oneBehindADoor(t) {
  const cluster = await startCluster(t);
  const browser = await launch(t);
  const way = await door(t, cluster);
  const ada = await newcomer(t, browser, way.page, 'Ada');
  const bob = await newcomer(t, browser, cluster.http(0, '/'), 'Bob');
  return { cluster, browser, way, ada, bob };
}

// Nobody comes through the door any more, until it leads somewhere again.
export async function cutOff(way, ...pages) {
  way.leadTo(nowhere);
  way.cut();
  for (const page of pages) await page.getByText('Connection lost').waitFor();
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

// --- What clients without the page do

// Publishes into the lobby through a node without accounts, which lets one client say as much as it
// likes, and waits for the acks.
export async function publishAll(t, browser, cluster, node, publications) {
  const page = await openTab(t, browser, cluster.http(node, '/healthz'));
  const publishing = page.evaluate(
    ([url, all]) =>
      new Promise((resolve, reject) => {
        const socket = new WebSocket(url);
        const send = (command) => socket.send(JSON.stringify(command));
        let sent = 0;
        let acked = 0;
        const more = () => {
          const windowMax = 200; // publications that are on their way
          for (; sent < Math.min(all.length, acked + windowMax); ++sent) {
            send({ id: sent + 2, publish: { channel: 'room:lobby', data: all[sent] } });
          }
        };
        socket.onopen = () => send({ id: 1, connect: { data: { name: 'wren' } } });
        socket.onclose = ({ code, reason }) => reject(new Error(`closed: ${code} ${reason}`));
        socket.onmessage = ({ data }) => {
          for (const line of data.split('\n')) {
            const reply = JSON.parse(line);
            if (reply.error) reject(new Error(line));
            if (reply.publish && ++acked === all.length) resolve();
          }
          more();
        };
      }),
    [cluster.url(node), publications],
  );
  await inTime(publishing, 'all acks');
  await page.close();
}

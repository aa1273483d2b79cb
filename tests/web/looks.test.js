// SPDX-License-Identifier: MIT
// How the page looks: on a phone, in the dark, to a screen reader. With CHIRM_SCREENSHOTS=1 pictures
// of the main views are written to docs/images.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import test from 'node:test';
import {
  administrator,
  composer,
  createRoom,
  cutOff,
  door,
  glimpse,
  launch,
  message,
  newcomer,
  openTab,
  rooms,
  say,
  startCluster,
  tool,
  writeTo,
} from './browser.js';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const isPictured = process.env.CHIRM_SCREENSHOTS === '1';

// Rules of WCAG 2.2 A and AA, and what axe-core holds to be good practice.
async function assertAccessible(page, view) {
  await page.evaluate(axe);
  const violations = await page.evaluate(async () => {
    const found = await window.axe.run(document, { resultTypes: ['violations'] });
    return found.violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html.slice(0, 160)).join(' | ')}`);
  });
  assert.deepEqual(violations, [], view);
}

async function assertFits(page, view) {
  const wide = await page.evaluate(() =>
    [...document.querySelectorAll('body *')]
      .filter((each) => {
        const box = each.getBoundingClientRect();
        const style = getComputedStyle(each);
        if (box.width === 0 || style.visibility === 'hidden' || each.closest('pre, .table-scroll, .hidden')) return false;
        return box.right > innerWidth + 1 || box.left < -1;
      })
      .map((each) => each.outerHTML.slice(0, 120)),
  );
  assert.deepEqual(wide, [], `${view}: wider than the window`);
  const scrolls = await page.evaluate(() => document.documentElement.scrollWidth > innerWidth);
  assert.equal(scrolls, false, view);
}

async function picture(page, name) {
  if (!isPictured) return;
  await page.mouse.move(0, 0);
  await page.evaluate(() => document.fonts.ready);
  await page.screenshot({ path: join(process.env.CHIRM_IMAGES, `${name}.png`) });
}

// A room that has been talked in: what the pictures show.
async function talk(t, cluster, browser) {
  const url = cluster.http(0, '/');
  const people = {};
  for (const name of ['Ada', 'Bob', 'Mira', 'Kenji', 'Noor']) {
    people[name] = await newcomer(t, browser, url, name);
  }
  const heard = (text) => message(people.Ada, text).first().waitFor();
  const speak = async (name, text, shown = text) => {
    await say(people[name], text);
    await heard(shown);
  };
  await speak('Bob', 'Good morning! The new build is on staging: https://staging.example.org/releases/42', 'Good morning');
  await speak('Mira', 'I ran the load test over night:\n```\nclients 10000   rate 50/s   lost 0   twice 0\np50 1.2 ms      p99 8.9 ms\n```', 'load test');
  await speak('Kenji', 'Very nice. What changed since Tuesday?', 'Very nice');
  await speak('Mira', 'We batch what a turn brings into one write per subscriber. `hub.flush()` is the place to look.', 'We batch');
  await tool(people.Bob, 'We batch', 'React with 👍');
  await tool(people.Noor, 'We batch', 'React with 👍');
  await tool(people.Ada, 'We batch', 'React with ❤️');
  await speak('Noor', '@ada could you look at the migration notes before we tag it?', 'migration notes');
  await tool(people.Ada, 'migration notes', 'Reply');
  await speak('Ada', 'On it. I will have them done this afternoon.', 'On it');
  await speak('Kenji', 'Then I start the rollout at four: first one node, then the rest.', 'rollout');
  await speak('Bob', '🎉');
  await writeTo(people.Bob, 'ada', 'Ada');
  await say(people.Bob, 'Lunch at one?');
  for (const [title, topic] of [
    ['Operations', 'Deploys, alerts, who is on call'],
    ['Design', 'How it looks and feels'],
  ]) {
    await createRoom(people.Ada, title, { topic });
  }
  await people.Mira.goto(`${url}#/room/operations`);
  await people.Mira.getByRole('button', { name: 'Join room' }).click();
  await rooms(people.Ada, 'Lobby').click();
  await say(people.Mira, '@ada the certificate of the staging host ends on Friday.');
  await rooms(people.Ada, 'Operations').locator('.badge').waitFor();
  await rooms(people.Ada, 'Bob').locator('.badge').waitFor();
  await composer(people.Kenji).pressSequentially('one more');
  await glimpse(people.Ada, 'typing', 'Kenji is typing');
  return people;
}

// Leaves the page as it was.
async function assertViewsAccessible(page, colorScheme) {
  await picture(page, `chat-${colorScheme}`);
  await assertAccessible(page, 'chat');
  await page.getByRole('button', { name: /Details$/ }).click();
  await page.locator('.person', { hasText: 'Kenji' }).waitFor();
  if (colorScheme === 'dark') await picture(page, 'people-dark');
  await assertAccessible(page, 'members');
  await page.getByRole('button', { name: 'Search in this conversation' }).click();
  await page.getByLabel('Words to search for').fill('rollout');
  await page.locator('.hit').first().waitFor();
  await assertAccessible(page, 'search');
  await page.keyboard.press('Escape');
  await page.keyboard.press('Control+k');
  await page.locator('.switcher li').first().waitFor();
  await assertAccessible(page, 'switcher');
  await page.keyboard.press('Escape');
  for (const name of ['Browse rooms', 'Create a room', 'Write to somebody']) {
    await page.getByRole('button', { name, exact: true }).click();
    await page.getByRole('dialog').waitFor();
    await assertAccessible(page, name);
    await page.keyboard.press('Escape');
  }
  await message(page, 'We batch').hover();
  await page.locator('.tools').getByRole('button', { name: 'React', exact: true }).click();
  await page.locator('.picker').waitFor();
  await assertAccessible(page, 'picker');
  await page.keyboard.press('Escape');
  await page.locator('.tools').getByRole('button', { name: 'More actions' }).click();
  await page.getByRole('menu').waitFor();
  await assertAccessible(page, 'menu');
  await page.keyboard.press('Escape');
}

async function assertFitsPhone(t, cluster, browser) {
  const phone = { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true, deviceScaleFactor: 2 };
  const outside = await openTab(t, browser, cluster.http(0, '/'), phone);
  await outside.getByRole('button', { name: 'Create an account' }).waitFor();
  await assertFits(outside, 'sign-in');
  const page = await newcomer(t, browser, cluster.http(0, '/'), 'Wren', phone);
  await message(page, 'rollout').waitFor();
  await say(page, 'Hello from the train!');
  await message(page, 'Hello from the train').waitFor();
  await picture(page, 'phone-light');
  await say(page, `a long word: ${'x'.repeat(300)} https://example.org/${'y'.repeat(200)}`);
  await message(page, 'a long word').waitFor();
  await assertFits(page, 'chat');
  await assertAccessible(page, 'chat');
  assert.equal(await page.getByRole('navigation', { name: 'Conversations' }).isVisible(), false);
  await page.getByRole('button', { name: /^Conversations/ }).tap();
  await page.getByRole('navigation', { name: 'Conversations' }).waitFor();
  await assertFits(page, 'drawer');
  await assertAccessible(page, 'drawer');
  await rooms(page, 'Lobby').tap();
  await page.getByRole('button', { name: /Details$/ }).tap();
  await page.locator('.person', { hasText: 'Kenji' }).waitFor();
  await assertFits(page, 'members');
  await page.getByRole('button', { name: 'Close details' }).tap();
  await page.getByRole('button', { name: 'Search in this conversation' }).tap();
  await assertFits(page, 'search');
}

test('where people talk', async (t) => {
  const cluster = await startCluster(t);
  const browser = await launch(t);
  const { Ada: page } = await talk(t, cluster, browser);
  for (const colorScheme of ['light', 'dark']) {
    await t.test(`every view is accessible, ${colorScheme}`, async (t) => {
      const outside = await openTab(t, browser, cluster.http(0, '/'), { colorScheme });
      await outside.getByRole('button', { name: 'Create an account' }).waitFor();
      await assertAccessible(outside, 'sign-in');
      if (colorScheme === 'light') await picture(outside, 'sign-in-light');
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
      await assertViewsAccessible(page, colorScheme);
    });
  }
  await t.test('at 360 pixels everything fits, the list is a drawer', async (t) => {
    await assertFitsPhone(t, cluster, browser);
  });
});

// People who talk, for the picture of the operators' page.
async function crowd(t, cluster, browser) {
  for (const node of [1, 2]) {
    const page = await openTab(t, browser, cluster.http(node, '/healthz'));
    await page.evaluate((url) => {
      for (let i = 0; i < 60; ++i) {
        const socket = new WebSocket(url);
        const channel = `room:${['lobby', 'operations', 'design', 'support'][Math.log2(i + 1) % 4 | 0]}`;
        const send = (command) => socket.send(JSON.stringify(command));
        let id = 2;
        const talk = () => {
          const data = { type: 'message', text: 'hello', time: Date.now() };
          send({ id: ++id, publish: { channel, data } });
          const wave = 1.5 + Math.sin(Date.now() / 5000);
          setTimeout(talk, 1000 + Math.random() * 6000 * wave);
        };
        socket.onopen = () => {
          send({ id: 1, connect: { data: { name: `visitor-${i}` } } });
          send({ id: 2, subscribe: { channel } });
          setTimeout(talk, Math.random() * 4000);
        };
        socket.onmessage = ({ data }) => data === '{}' && send({});
      }
    }, cluster.url(node));
  }
}

test('the operators’ page is accessible and fits', async (t) => {
  const each = isPictured ? [undefined, ['--insecure'], ['--insecure']] : [];
  const cluster = await startCluster(t, { nodes: 3, chirmd: administrator.options, each });
  const browser = await launch(t);
  await newcomer(t, browser, cluster.http(isPictured ? 0 : 1, '/'), 'Ada');
  if (isPictured) await crowd(t, cluster, browser);
  const page = await openTab(t, browser, cluster.http(0, '/'), { viewport: { width: 1280, height: 1000 } });
  await administrator.signIn(cluster, page);
  await page.goto(cluster.http(0, '/admin'));
  await page.getByRole('rowheader', { name: 'n2' }).waitFor();
  await page.getByLabel('User name').fill('ada');
  await page.getByRole('button', { name: 'Look up' }).click();
  await page.getByText('@ada').waitFor();
  for (const colorScheme of ['light', 'dark']) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    await assertAccessible(page, `admin ${colorScheme}`);
  }
  if (isPictured) await page.waitForTimeout(60_000);
  await page.emulateMedia({ colorScheme: 'light', reducedMotion: 'reduce' });
  await picture(page, 'admin-light');
  await page.setViewportSize({ width: 360, height: 740 });
  await assertFits(page, 'admin');
  await assertAccessible(page, 'admin at 360 pixels');
  await page.getByRole('button', { name: 'Disconnect' }).click();
  await page.getByRole('dialog').waitFor();
  await assertAccessible(page, 'a question at 360 pixels');
});

for (const colorScheme of ['light', 'dark']) {
  test(`what goes wrong is told to everybody, ${colorScheme}`, async (t) => {
    const cluster = await startCluster(t);
    const browser = await launch(t);
    const way = await door(t, cluster);
    const bob = await newcomer(t, browser, cluster.http(0, '/'), 'Bob', { colorScheme });
    const page = await newcomer(t, browser, way.page, 'Ada', { colorScheme });
    await bob.getByRole('button', { name: 'Create a room' }).click();
    await bob.getByLabel('Name', { exact: false }).first().fill('Lobby');
    await bob.getByRole('button', { name: 'Create', exact: true }).click();
    await bob.getByRole('dialog').getByRole('alert').waitFor();
    await assertAccessible(bob, 'a dialog with an error');
    await bob.getByLabel('Name', { exact: false }).first().fill('Quiet');
    await bob.getByRole('button', { name: 'Create', exact: true }).click();
    await bob.getByRole('heading', { name: 'Quiet' }).first().waitFor();
    await page.goto(`${way.page}#/room/quiet`);
    await page.getByRole('button', { name: 'Join room' }).click();
    await say(page, 'first');
    await message(bob, 'first').getByRole('button', { name: 'Ada' }).click();
    await bob.getByRole('menuitem', { name: 'Mute…' }).click();
    await bob.getByRole('button', { name: 'Mute', exact: true }).click();
    await page.getByText('muted you').waitFor();
    await say(page, 'second');
    await message(page, 'second').getByText('Not sent').waitFor();
    await assertAccessible(page, 'a failed message');

    await rooms(page, 'Lobby').click();
    await page.getByLabel('Message Lobby').waitFor();
    await say(page, 'third');
    await page.locator('.message:not(.is-pending)', { hasText: 'third' }).waitFor();
    await cutOff(way, page);
    await say(page, 'fourth');
    await tool(page, 'third', 'React with 👍');
    await glimpse(page, 'toast', 'The connection was lost');
    await assertAccessible(page, 'a toast, the banner and a message that waits');
    way.leadTo(cluster.nodes[0].port);
    await glimpse(page, 'banner', 'You are all caught up');
    await assertAccessible(page, 'the banner when all is well');
  });
}

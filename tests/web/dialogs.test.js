// SPDX-License-Identifier: MIT
// What goes wrong is told where it was asked for, and nothing that was written is lost.
import assert from 'node:assert/strict';
import test from 'node:test';
import {
  composer,
  cutOff,
  door,
  fillSignIn,
  glimpse,
  glimpses,
  launch,
  menu,
  message,
  newcomer,
  nowhere,
  openTab,
  rooms,
  say,
  startCluster,
  writeTo,
} from './browser.js';
import { token as hmacToken } from './cluster.js';

const phone = { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true };

async function setUp(t, options) {
  const cluster = await startCluster(t, options);
  return { cluster, url: cluster.http(0, '/'), browser: await launch(t) };
}

// Says what it may; the dialog that is returned tells the rest.
async function askForRoom(page, title, isPrivate = false) {
  await page.getByRole('button', { name: 'Create a room' }).click();
  const dialog = page.getByRole('dialog', { name: 'Create a room' });
  await dialog.getByLabel('Name').fill(title);
  if (isPrivate) await dialog.getByRole('checkbox').check();
  await dialog.getByRole('button', { name: 'Create', exact: true }).click();
  return dialog;
}

async function invite(page, user) {
  await page.getByRole('button', { name: 'More', exact: true }).click();
  await menu(page, 'Invite…');
  const dialog = page.getByRole('dialog', { name: 'Invite somebody' });
  await dialog.getByLabel('User name').fill(user);
  await dialog.getByRole('button', { name: 'Invite', exact: true }).click();
  return dialog;
}

const hasFocus = (locator) => locator.evaluate((element) => element === document.activeElement);

// A token of the operator's own system.
const secret = 'a secret of thirty-two characters';
const tokenOf = (claims) => hmacToken(claims, secret);
const inAnHour = () => Math.floor(Date.now() / 1000) + 3600;

test('dialogs tell why something was refused, and stay open', async (t) => {
  const { url, browser } = await setUp(t);
  const page = await newcomer(t, browser, url, 'Ada');
  const create = await askForRoom(page, 'Lobby');
  await create.getByRole('alert').waitFor();
  assert.equal(await create.getByLabel('Name').inputValue(), 'Lobby');
  await create.getByLabel('Name').fill('Attic');
  await create.getByRole('button', { name: 'Create', exact: true }).click();
  await create.waitFor({ state: 'detached' });
  await page.getByRole('heading', { name: 'Attic' }).first().waitFor();

  const dialog = await invite(page, 'nobody-here');
  await dialog.getByRole('alert').filter({ hasText: 'No such user' }).waitFor();
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: 'Write to somebody' }).click();
  const write = page.getByRole('dialog', { name: 'Write to somebody' });
  await write.getByLabel('User name').fill('nobody-here');
  await write.getByRole('button', { name: 'Open' }).click();
  await write.getByRole('alert').filter({ hasText: 'No such user' }).waitFor();
  await page.keyboard.press('Escape');
  await page.keyboard.press('Control+k');
  await page.getByRole('combobox').fill('nobody-here');
  await page.keyboard.press('Enter');
  await page.getByRole('dialog').getByRole('alert').waitFor();
  assert.deepEqual(await glimpses(page, 'toast'), []);
});

test('a room is deleted by its name, and all who were in it are told', async (t) => {
  const { url, browser } = await setUp(t);
  const ada = await newcomer(t, browser, url, 'Ada');
  await (await askForRoom(ada, 'Attic')).waitFor({ state: 'detached' });
  await ada.getByRole('heading', { name: 'Attic' }).first().waitFor();
  await say(ada, 'old secrets');
  const bob = await newcomer(t, browser, url, 'Bob');
  await (await invite(ada, 'bob')).waitFor({ state: 'detached' });
  await bob.getByRole('button', { name: 'Join', exact: true }).first().click();
  await message(bob, 'old secrets').waitFor();

  await ada.getByRole('button', { name: 'More', exact: true }).click();
  await menu(ada, 'Delete room…');
  const dialog = ada.getByRole('dialog', { name: 'Delete this room?' });
  await dialog.getByText('All messages of').waitFor();
  await dialog.getByLabel('to confirm').fill('atic');
  await dialog.getByRole('button', { name: 'Delete for good' }).click();
  await dialog.getByRole('alert').filter({ hasText: 'Type' }).waitFor();
  assert.equal(await rooms(ada, 'Attic').count(), 1);
  await dialog.getByLabel('to confirm').fill('attic');
  await dialog.getByRole('button', { name: 'Delete for good' }).click();
  await dialog.waitFor({ state: 'detached' });
  await glimpse(bob, 'toast', 'the room was deleted');
  for (const page of [ada, bob]) {
    await rooms(page, 'Attic').waitFor({ state: 'detached' });
    await message(page, 'old secrets').waitFor({ state: 'detached' });
  }
});

test('an edit that fails is still there to be tried again', async (t) => {
  const { cluster, url, browser } = await setUp(t);
  const way = await door(t, cluster);
  const bob = await newcomer(t, browser, url, 'Bob');
  const ada = await newcomer(t, browser, way.page, 'Ada');
  await say(ada, 'frist');
  await message(bob, 'frist').waitFor();
  await ada.locator('.message:not(.is-pending)', { hasText: 'frist' }).waitFor();
  await composer(ada).press('ArrowUp');
  await ada.getByText('Editing your message').waitFor();
  await composer(ada).fill('first');
  await cutOff(way, ada);
  await composer(ada).press('Enter');
  await glimpse(ada, 'toast', 'The connection was lost');
  assert.equal(await composer(ada).inputValue(), 'first');
  assert.equal(await ada.getByText('Editing your message').count(), 1);
  way.leadTo(cluster.nodes[0].port);
  await glimpse(ada, 'banner', 'You are all caught up');
  await composer(ada).press('Enter');
  await message(bob, 'first').getByText('(edited)').waitFor();
  await ada.getByText('Editing your message').waitFor({ state: 'detached' });
  assert.equal(await composer(ada).inputValue(), '');
});

test('an emoji goes where the caret is; a text that is too long is kept, not cut', async (t) => {
  const { url, browser } = await setUp(t);
  const ada = await newcomer(t, browser, url, 'Ada');
  await composer(ada).fill('well done');
  await composer(ada).evaluate((field) => field.setSelectionRange(4, 4));
  await ada.getByRole('button', { name: 'Insert an emoji' }).click();
  await ada.getByRole('button', { name: /^tada/ }).click();
  assert.equal(await composer(ada).inputValue(), 'well🎉 done');
  await composer(ada).pressSequentially('!');
  assert.equal(await composer(ada).inputValue(), 'well🎉! done');

  await composer(ada).fill('x'.repeat(8123));
  await ada.getByText('123 characters too long').waitFor();
  await composer(ada).press('Enter');
  assert.equal(await ada.getByRole('button', { name: 'Send' }).isDisabled(), true);
  assert.equal((await composer(ada).inputValue()).length, 8123);
  await composer(ada).fill('x'.repeat(8000));
  await composer(ada).press('Enter');
  await message(ada, 'xxx').waitFor();
});

test('an invitation can be declined', async (t) => {
  const { url, browser } = await setUp(t);
  const ada = await newcomer(t, browser, url, 'Ada');
  const bob = await newcomer(t, browser, url, 'Bob');
  await askForRoom(ada, 'Den', true);
  await ada.getByRole('heading', { name: 'Den' }).first().waitFor();
  const dialog = await invite(ada, 'Bob'); // as the name is written
  await dialog.waitFor({ state: 'detached' });
  await bob.getByRole('button', { name: 'Decline the invitation to Den' }).click();
  await bob.getByText('Invitations').waitFor({ state: 'detached' });
  await bob.goto(`${url}#/room/den`);
  await bob.getByText('There is no such room').waitFor();
});

test('who went is told to have been there', async (t) => {
  const { url, browser } = await setUp(t);
  const ada = await newcomer(t, browser, url, 'Ada');
  const bob = await newcomer(t, browser, url, 'Bob');
  await writeTo(ada, 'bob', 'Bob');
  await ada.locator('.heading').getByText('Online').waitFor();
  await bob.context().close();
  await ada.locator('.heading').getByText(/Last seen (just now|\d+ min ago)/).waitFor();
});

test('a token of another system leads in, and is nowhere after that', async (t) => {
  const options = ['--accounts', 'off', '--token-hmac-secret', secret];
  const { url, browser } = await setUp(t, { chirmd: options });
  const token = tokenOf({ sub: 'Ada.L', exp: inAnHour(), info: { name: 'Ada Lovelace' } });
  const ada = await openTab(t, browser, `${url}#token=${token}`);
  await composer(ada).waitFor();
  assert.equal(await ada.locator('.me b').textContent(), 'Ada Lovelace');
  const bob = await openTab(t, browser, url);
  await bob.getByRole('heading', { name: 'Sign in at your organisation' }).waitFor();
  await bob.evaluate((hash) => (location.hash = hash), `token=${tokenOf({ sub: 'bob' })}`);
  await composer(bob).waitFor();
  const wrong = await openTab(t, browser, `${url}#token=${token.slice(0, -3)}AAA`);
  await wrong.getByRole('alert').filter({ hasText: 'Open the chat again' }).waitFor();
  for (const page of [ada, bob, wrong]) {
    const kept = await page.evaluate(() => location.href + JSON.stringify({ ...localStorage }));
    assert.doesNotMatch(kept, /eyJ/);
  }
  // A link that somebody has sent takes nobody's place.
  await bob.evaluate((hash) => (location.hash = hash), `token=${tokenOf({ sub: 'eve' })}`);
  await glimpse(bob, 'toast', 'You are bob here. Sign out first to come in as eve.');
  assert.equal(await bob.locator('.me b').textContent(), 'bob');
  // A name in upper case is a name of its own.
  await writeTo(bob, 'Ada.L', 'Ada Lovelace');
  await say(bob, 'good evening');
  await rooms(ada, 'bob').click();
  await message(ada, 'good evening').waitFor();
  await ada.reload();
  await ada.getByRole('heading', { name: 'Sign in at your organisation' }).waitFor();
});

test('on a phone the keyboard stays down, and the drawer holds the focus', async (t) => {
  const { url, browser } = await setUp(t);
  const page = await openTab(t, browser, url, phone);
  await page.getByRole('button', { name: 'Create an account' }).tap();
  await fillSignIn(page, 'Wren');
  await composer(page).waitFor();
  assert.equal(await hasFocus(composer(page)), false);
  const toggle = page.getByRole('button', { name: /^Conversations/ });
  await toggle.tap();
  const close = page.getByRole('button', { name: 'Close the list' });
  await page.waitForFunction(() => document.activeElement?.ariaLabel === 'Close the list');
  for (let i = 0; i < 12; ++i) {
    await page.keyboard.press('Tab');
    const at = await page.evaluate(() => document.activeElement?.closest('.sidebar, body')?.className);
    assert.ok(at === 'sidebar' || at === '', `Tab ${i} led to ${at}`);
  }
  await close.tap();
  await page.waitForFunction(() => /^Conversations/.test(document.activeElement?.ariaLabel));
  await toggle.tap();
  await rooms(page, 'Lobby').tap();
  await page.getByRole('navigation', { name: 'Conversations' }).waitFor({ state: 'hidden' });
  assert.equal(await hasFocus(composer(page)), false);
});

test('on a phone a message that was found is seen', async (t) => {
  const { url, browser } = await setUp(t);
  const page = await newcomer(t, browser, url, 'Wren', phone);
  await say(page, 'the pelican has landed');
  for (let i = 0; i < 20; ++i) await say(page, `filler number ${i}`);
  await message(page, 'filler number 19').waitFor();
  await page.getByRole('button', { name: 'Search in this conversation' }).tap();
  await page.getByLabel('Words to search for').fill('pelican');
  await page.locator('.hit', { hasText: 'pelican' }).tap();
  await glimpse(page, 'flash', 'the pelican has landed');
  const found = message(page, 'the pelican has landed');
  const isOnTop = await found.evaluate((element) => {
    const { left, top } = element.getBoundingClientRect();
    return element.contains(document.elementFromPoint(left + 80, top + 20));
  });
  assert.equal(isOnTop, true);
});

test('a screen reader hears what a message says, and each one', async (t) => {
  const { url, browser } = await setUp(t);
  const ada = await newcomer(t, browser, url, 'Ada');
  const bob = await newcomer(t, browser, url, 'Bob');
  await say(bob, 'yes');
  await ada.getByRole('article', { name: /^Bob \d\d:\d\d yes$/ }).waitFor();
  await ada.evaluate(() => {
    window.heard = [];
    const live = [...document.querySelectorAll('.hidden[aria-live]')].at(-1);
    new MutationObserver((changes) => {
      for (const { addedNodes } of changes) {
        for (const node of addedNodes) window.heard.push(node.textContent);
      }
    }).observe(live, { childList: true });
  });
  for (let i = 0; i < 2; ++i) {
    await say(bob, 'no');
    await ada.waitForFunction((count) => window.heard.length === count, i + 1);
  }
  assert.deepEqual(await ada.evaluate(() => window.heard), ['Bob: no', 'Bob: no']);
  await ada.getByRole('article', { name: /^Bob, \d\d:\d\d no$/ }).first().waitFor();
});

test('clearing the search ends the search', async (t) => {
  const { cluster, browser } = await setUp(t);
  const way = await door(t, cluster);
  const page = await newcomer(t, browser, way.page, 'Ada');
  await page.getByRole('button', { name: 'Search in this conversation' }).click();
  const field = page.getByLabel('Words to search for');
  await field.fill('pelican');
  await page.getByText('Nothing found for “pelican”.').waitFor();
  way.deafen(); // no answer comes any more
  await field.fill('heron');
  await page.locator('.panel .spinner').waitFor();
  await field.fill('');
  await page.getByText('Finds messages by their words').waitFor();
  await page.locator('.panel .spinner').waitFor({ state: 'detached' });
});

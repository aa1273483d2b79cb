// SPDX-License-Identifier: MIT
// Two people talk, and everything that can be done with what was said.
import assert from 'node:assert/strict';
import test from 'node:test';
import {
  composer,
  createRoom,
  glimpse,
  menu,
  message,
  pair,
  rooms,
  say,
  texts,
  tool,
} from './browser.js';

test('what one says the other sees, once and in order', async (t) => {
  const { ada, bob } = await pair(t);
  await say(ada, 'hello');
  await message(bob, 'hello').waitFor();
  await say(bob, 'hello yourself');
  await message(ada, 'hello yourself').waitFor();
  for (const page of [ada, bob]) assert.deepEqual(await texts(page), ['hello', 'hello yourself']);
  await ada.reload();
  await message(ada, 'hello yourself').waitFor();
  assert.deepEqual(await texts(ada), ['hello', 'hello yourself']);
});

test('a message is edited and deleted by its author', async (t) => {
  const { ada, bob } = await pair(t);
  await say(ada, 'helo world');
  await message(bob, 'helo world').waitFor();
  assert.equal(await message(bob, 'helo world').getByRole('button', { name: 'Edit', exact: true }).count(), 0);
  await composer(ada).press('ArrowUp');
  await composer(ada).fill('hello world');
  await composer(ada).press('Enter');
  await message(bob, 'hello world').getByText('(edited)').waitFor();
  await tool(ada, 'hello world', 'More actions');
  await menu(ada, 'Delete message');
  await ada.getByRole('button', { name: 'Delete', exact: true }).click();
  await bob.getByText('This message was deleted').waitFor();
  await bob.reload();
  await bob.getByText('This message was deleted').waitFor();
  assert.equal(await message(bob, 'hello world').count(), 0);
});

test('reactions are counted, told and taken back', async (t) => {
  const { ada, bob } = await pair(t);
  await say(ada, 'we shipped it');
  await message(bob, 'we shipped it').waitFor();
  await tool(bob, 'we shipped it', 'React with 👍');
  const seen = message(ada, 'we shipped it').getByRole('button', { name: /^👍 1/ });
  await seen.waitFor();
  await seen.click();
  const both = message(bob, 'we shipped it').getByRole('button', { name: /^👍 2/ });
  await both.waitFor();
  assert.equal(await both.getAttribute('aria-pressed'), 'true');
  await both.click();
  await message(ada, 'we shipped it').getByRole('button', { name: '👍 1: you' }).waitFor();
  await ada.reload();
  await message(ada, 'we shipped it').getByRole('button', { name: '👍 1: you' }).waitFor();
});

test('a reply shows what it answers', async (t) => {
  const { ada, bob } = await pair(t);
  await say(ada, 'shall we?');
  await message(bob, 'shall we?').waitFor();
  await tool(bob, 'shall we?', 'Reply');
  await say(bob, 'we shall');
  const reply = message(ada, 'we shall').last();
  await reply.getByRole('button', { name: 'In reply to Ada: shall we?' }).click();
  await glimpse(ada, 'flash', 'shall we?');
});

test('who is named is told; names are completed', async (t) => {
  const { ada, bob } = await pair(t);
  await say(bob, 'hi there');
  await message(ada, 'hi there').waitFor();
  await createRoom(bob, 'Side Room');
  await composer(ada).pressSequentially('look @bo');
  await ada.getByRole('option', { name: /Bob/ }).waitFor();
  await composer(ada).press('Tab');
  assert.equal(await composer(ada).inputValue(), 'look @bob ');
  await composer(ada).press('Enter');
  await rooms(bob, 'Lobby').locator('.badge.is-loud', { hasText: '@1' }).waitFor();
  assert.equal(await bob.title(), '(1) chirm');
  await rooms(bob, 'Lobby').click();
  await bob.locator('.message.is-to-me', { hasText: '@bob' }).waitFor();
  await rooms(bob, 'Lobby').locator('.badge').waitFor({ state: 'detached' });
});

test('who types is told', async (t) => {
  const { ada, bob } = await pair(t);
  await composer(ada).pressSequentially('hm');
  await glimpse(bob, 'typing', 'Ada is typing');
  await composer(ada).press('Enter');
  await bob.getByText('Ada is typing').waitFor({ state: 'detached' });
});

test('text is text: nothing of it becomes markup or a dangerous link', async (t) => {
  const { ada, bob } = await pair(t);
  const attempts = [
    '<img src=x onerror="window.hacked=1">',
    '<script>window.hacked=1</script>',
    '"><svg/onload=window.hacked=1>',
    'javascript:window.hacked=1',
    '[x](javascript:window.hacked=1)',
    'https://example.org/"onmouseover="window.hacked=1',
    '{{constructor.constructor("window.hacked=1")()}}',
    '&lt;b&gt;not bold&lt;/b&gt;',
  ];
  for (const text of attempts) await say(ada, text);
  await message(bob, 'not bold').waitFor();
  assert.deepEqual(await texts(bob), attempts);
  for (const page of [ada, bob]) {
    assert.equal(await page.evaluate(() => window.hacked), undefined);
    const inside = page.locator('.message-text');
    assert.equal(await inside.locator('img, script, svg, b').count(), 0);
    for (const link of await inside.locator('a').all()) {
      assert.match(await link.getAttribute('href'), /^https?:\/\//);
      assert.equal(await link.getAttribute('rel'), 'noopener noreferrer');
    }
  }
});

test('a private conversation is between two, and in both lists', async (t) => {
  const { ada, bob } = await pair(t);
  await say(bob, 'hi');
  await message(ada, 'hi').waitFor();
  await message(ada, 'hi').getByRole('button', { name: 'Bob' }).click();
  await menu(ada, 'Send a private message');
  await ada.getByRole('heading', { name: 'Bob' }).first().waitFor();
  await say(ada, 'between us');
  await rooms(bob, 'Ada').locator('.badge.is-loud', { hasText: '1' }).waitFor();
  await rooms(bob, 'Ada').click();
  await message(bob, 'between us').waitFor();
});

test('a moderator removes somebody, who is told why', async (t) => {
  const { ada, bob, url } = await pair(t);
  await createRoom(ada, 'Nest');
  await bob.goto(`${url}#/room/nest`);
  await bob.getByRole('button', { name: 'Join room' }).click();
  await say(bob, 'what is this');
  await message(ada, 'what is this').waitFor();
  await message(ada, 'what is this').getByRole('button', { name: 'Bob' }).click();
  await menu(ada, 'Ban…');
  await ada.getByLabel('Reason').fill('spam');
  await ada.getByRole('button', { name: 'Ban', exact: true }).click();
  await glimpse(bob, 'toast', /You are no longer in Nest: .*spam/);
  await rooms(bob, 'Nest').waitFor({ state: 'detached' });
});

test('what is refused is told, and can be tried again or thrown away', async (t) => {
  const { ada, bob, url } = await pair(t);
  await createRoom(ada, 'Quiet');
  await bob.goto(`${url}#/room/quiet`);
  await bob.getByRole('button', { name: 'Join room' }).click();
  await say(bob, 'first');
  await message(ada, 'first').getByRole('button', { name: 'Bob' }).click();
  await menu(ada, 'Mute…');
  await ada.getByRole('button', { name: 'Mute', exact: true }).click();
  await bob.getByText('muted you').waitFor();
  await say(bob, 'second');
  await message(bob, 'second').getByText('Not sent').waitFor();
  await message(bob, 'second').getByRole('button', { name: 'Discard' }).click();
  await message(bob, 'second').waitFor({ state: 'detached' });
});

test('keys alone lead everywhere', async (t) => {
  const { ada, bob } = await pair(t);
  await say(bob, 'first words');
  await message(ada, 'first words').waitFor();
  await composer(ada).focus();
  await ada.keyboard.press('Control+k');
  await ada.getByRole('combobox', { name: 'Jump to a conversation' }).fill('lob');
  await ada.keyboard.press('Enter');
  await ada.getByRole('dialog').waitFor({ state: 'detached' });
  await ada.getByRole('log').focus();
  await ada.keyboard.press('ArrowUp');
  await ada.locator('.message:focus').waitFor();
  await ada.keyboard.press('r');
  await ada.getByText('Replying to').waitFor();
  await ada.keyboard.press('Escape');
  await ada.getByText('Replying to').waitFor({ state: 'detached' });
  assert.equal(await composer(ada).evaluate((field) => field === document.activeElement), true);
});

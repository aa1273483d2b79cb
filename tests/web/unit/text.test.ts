// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import test from 'node:test';
import {
  isEmoji,
  isOnlyEmoji,
  mentionAt,
  mentionsOf,
  safeHref,
  split,
} from '../../../web/src/model/text';

const none = new Set<string>();
const links = (text: string) =>
  split(text, none).flatMap((piece) => (piece.kind === 'link' ? [piece.text] : []));
const joined = (text: string, users = none) =>
  split(text, users)
    .map(({ text: each }) => each)
    .join('');

test('links are http and https only', () => {
  for (const text of [
    'javascript:alert(1)',
    'data:text/html,x',
    'vbscript:x',
    'file:///etc/passwd',
    'ftp://x.org',
    'https://',
    'http:// x',
  ]) {
    assert.deepEqual(links(text), [], text);
  }
  assert.equal(safeHref('javascript:alert(1)//http://x'), undefined);
  assert.equal(safeHref('HTTPS://Example.org/a'), 'https://example.org/a');
});

test('a link leads where it seems to lead', () => {
  assert.deepEqual(links('https://bank.example@evil.example/login'), []);
  assert.deepEqual(links('https://bank.example:443@evil.example'), []);
  assert.deepEqual(links('https://x.org/@ada and https://x.org/?q=a@b'), [
    'https://x.org/@ada',
    'https://x.org/?q=a@b',
  ]);
  for (const turn of ['\u202e', '\u2066', '\u200f', '\u061c']) {
    assert.deepEqual(links(`https://x.org/${turn}moc.knab//:sptth`), ['https://x.org/']);
  }
});

test('names of another system keep their case', () => {
  const users = new Set(['Ada.L', 'bob']);
  const found = split('@Ada.L @ada.l @Bob', users).flatMap((piece) =>
    piece.kind === 'mention' ? [piece.user] : [],
  );
  assert.deepEqual(found, ['Ada.L', 'bob']);
  assert.deepEqual(mentionsOf('@Ada.L @Bob', (user) => users.has(user)), ['Ada.L', 'bob']);
});

test('a link ends before what punctuates the sentence', () => {
  assert.deepEqual(links('see https://x.org/a.'), ['https://x.org/a']);
  assert.deepEqual(links('(https://x.org/a)'), ['https://x.org/a']);
  assert.deepEqual(links('https://x.org/a_(b)!'), ['https://x.org/a_(b)']);
  assert.deepEqual(links('<https://x.org/?q=1&r=2>'), ['https://x.org/?q=1&r=2']);
  assert.deepEqual(links('https://a.org, http://b.org'), ['https://a.org', 'http://b.org']);
});

test('no character is lost or added, whatever stands there', () => {
  for (const text of [
    '<img src=x onerror=alert(1)>',
    'a @ada b https://x.org/@ada c',
    '@@ada @ada@ada @',
    'https://x.org https://x.org',
    '   ',
    '\u202e@ada',
  ]) {
    assert.equal(joined(text, new Set(['ada'])), text);
  }
});

test('mentions are of those who are named, at the beginning of a word', () => {
  const users = new Set(['ada', 'b.c']);
  const found = (text: string) =>
    split(text, users).flatMap((piece) => (piece.kind === 'mention' ? [piece.user] : []));
  assert.deepEqual(found('@Ada, @b.c. and @eve, mail@ada.org'), ['ada', 'b.c']);
  assert.deepEqual(found('(@ada)'), ['ada']);
});

test('mentionsOf names each known user once', () => {
  const isKnown = (user: string) => ['ada', 'bob', '~guest-1'].includes(user);
  const found = mentionsOf('@Bob @ada @bob @eve @~guest-1', isKnown);
  assert.deepEqual(found, ['bob', 'ada', '~guest-1']);
});

test('no more are mentioned than the server takes', () => {
  const text = Array.from({ length: 12 }, (_, i) => `@user${i}`).join(' ');
  assert.equal(mentionsOf(text, () => true).length, 10);
});

test('completion is for the word before the caret', () => {
  assert.deepEqual(mentionAt('hi @ad', 6), { begin: 3, query: 'ad' });
  assert.deepEqual(mentionAt('@', 1), { begin: 0, query: '' });
  assert.equal(mentionAt('mail@ad', 7), undefined);
  assert.equal(mentionAt('@ad b', 5), undefined);
});

test('code is not looked into', () => {
  assert.deepEqual(split('`@ada https://x.org`', new Set(['ada'])), [
    { kind: 'code', text: '@ada https://x.org' },
  ]);
  assert.deepEqual(split('```\na\n```', none), [{ kind: 'block', text: 'a' }]);
  assert.deepEqual(split('``` ```', none)[0]?.kind, 'block');
  assert.deepEqual(links('a ` b https://x.org'), ['https://x.org']);
});

test('only a few emoji are large', () => {
  assert.equal(isOnlyEmoji('🎉'), true);
  assert.equal(isOnlyEmoji('👍🏽 ❤️'), true);
  assert.equal(isOnlyEmoji('a🎉'), false);
  assert.equal(isOnlyEmoji('12'), false);
  assert.equal(isOnlyEmoji(''), false);
});

test('an address ends where the sentence around it goes on', () => {
  assert.deepEqual(links('访问 https://example.com/docs（中文说明）了解更多'), ['https://example.com/docs']);
  assert.deepEqual(links('请看https://example.com/路径，谢谢'), ['https://example.com/路径']);
  assert.deepEqual(links('「https://example.com/」を見て'), ['https://example.com/']);
  assert.deepEqual(links('https://example.com。'), ['https://example.com']);
  assert.deepEqual(links('“https://example.com/a”'), ['https://example.com/a']);
  assert.deepEqual(links('https://ja.example/時々/〇'), ['https://ja.example/時々/〇']);
  assert.deepEqual(links('([https://x.org/a_(b)_[c]!?])...'), ['https://x.org/a_(b)_[c]']);
});

// At a million characters: what grew with their square would take 10^12 steps, and with their cube
// never end. Nobody measures a time here; the runner ends what does not.
test('no text costs more than its length', { timeout: 300_000 }, () => {
  const length = 1 << 20;
  const half = (part: string) => part.repeat(length / 2 / part.length);
  const hostile = [
    'http://a' + half('!') + 'x' + half(')'),
    'http://a' + half('!)') + half('!)'),
    'http://a' + half('([{') + half('}])'),
    'http://a' + half(')') + half('('),
    ...['(', '@a', ' @a', ' @a.', 'https://', '`', '```', '`a\n'].map((part) => half(part)),
    ...['https://x.org/((((', '@a.', '👍', '👍🏽\u200d'].map((part) => half(part)),
    half(' ') + '@' + half('.'),
    '@a' + half('.') + half('-'),
  ];
  for (const text of hostile) {
    const pieces = split(text, new Set(['a']));
    assert.ok(pieces.reduce((sum, each) => sum + each.text.length, 0) > length / 16);
    mentionsOf(text, () => true);
    isOnlyEmoji(text);
    isEmoji(text);
    mentionAt(text, text.length);
  }
});

test('a reaction is one emoji', () => {
  const england = '🏴\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}\u{e007f}';
  for (const emoji of [
    ...['👍', '❤️', '❤', '👍🏽', '🇩🇪', '1️⃣', '#️⃣'],
    ...['👨‍👩‍👧‍👦', '👩🏻‍❤️‍💋‍👩🏼', '🏳️‍🌈', england],
  ]) {
    assert.equal(isEmoji(emoji), true, emoji);
  }
  const marks = ['\ufe0f', '\u200d'];
  for (const text of ['', ' ', 'x', '1', '#', 'lol', ...marks, '👍👍', '👍 ', '🇩']) {
    assert.equal(isEmoji(text), false, text);
  }
});

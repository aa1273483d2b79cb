// SPDX-License-Identifier: MIT
// A message's text split into what is shown differently. Never HTML: each piece becomes a text
// node.
import { limits } from './protocol';

export type Piece =
  | { kind: 'text'; text: string }
  | { kind: 'link'; text: string; href: string }
  | { kind: 'mention'; text: string; user: string }
  | { kind: 'code'; text: string }
  | { kind: 'block'; text: string };

// Web addresses end before what punctuates the sentence around them, and before characters that
// turn the direction of writing: nothing may read as another address than it is. In Chinese and
// Japanese nothing but such punctuation stands between an address and the sentence; and a browser
// would take an ideographic full stop for the dot before another domain.
const linkEnds = [
  '\\s<>"\'`',
  '\\u061c\\u200e\\u200f\\u202a-\\u202e\\u2066-\\u2069', // that turn the direction
  '\\u2018-\\u201f\\u3001-\\u3003\\u3008-\\u3011\\u3014-\\u301f', // quotation marks, ideographic
  '\\uff01-\\uff0f\\uff1a-\\uff20\\uff3b-\\uff40\\uff5b-\\uff65', // full and half width
].join('');
const linkPattern = new RegExp(`https?:\\/\\/[^${linkEnds}]+`, 'gi');
const trailing = '.,;:!?…*_~';
const closing: Record<string, string> = { '(': ')', '[': ']', '{': '}' };
const namePattern = /[A-Za-z0-9~](?:[A-Za-z0-9._-]{0,126}[A-Za-z0-9])?/.source;
const mentionPattern = new RegExp(`(^|[\\s(\\[{"'*,;:/])@(${namePattern})`, 'g');

// Only what a browser parses as http or https, so that no other scheme ever gets into a link. No
// user before the host: https://bank.example@evil.example leads to evil.example.
export function safeHref(text: string): string | undefined {
  try {
    const url = new URL(text);
    const isWeb = url.protocol === 'http:' || url.protocol === 'https:';
    const isPlain = url.hostname !== '' && url.username === '' && url.password === '';
    return isWeb && isPlain ? url.href : undefined;
  } catch {
    return undefined;
  }
}

// Without the punctuation and the brackets at its end that belong to the sentence. Looks at each
// character twice, whatever they are: a text that strangers write must not cost more than it is
// long.
function withoutTail(link: string): string {
  const surplus = new Map<string, number>([[')', 0], [']', 0], ['}', 0]]); // closed, not opened
  for (const character of link) {
    const close = closing[character] ?? character;
    const known = surplus.get(close);
    if (known !== undefined) surplus.set(close, known + (close === character ? 1 : -1));
  }
  let end = link.length;
  for (; end > 0; --end) {
    const last = link[end - 1]!;
    if (trailing.includes(last)) continue;
    const unopened = surplus.get(last) ?? 0;
    if (unopened <= 0) break;
    surplus.set(last, unopened - 1);
  }
  return link.slice(0, end);
}

// Names of accounts are lower case; people with another system's token have theirs as it is there.
function userNamed(name: string, isKnown: (user: string) => boolean): string | undefined {
  return [name, name.toLowerCase()].find(isKnown);
}

function mentionsIn(text: string, mentions: ReadonlySet<string>, pieces: Piece[]): void {
  let done = 0;
  for (const match of text.matchAll(mentionPattern)) {
    const user = userNamed(match[2]!, (each) => mentions.has(each));
    if (user === undefined) continue;
    const begin = match.index + match[1]!.length;
    push(pieces, text.slice(done, begin));
    done = begin + 1 + match[2]!.length;
    pieces.push({ kind: 'mention', text: text.slice(begin, done), user });
  }
  push(pieces, text.slice(done));
}

function push(pieces: Piece[], text: string): void {
  if (text !== '') pieces.push({ kind: 'text', text });
}

function linksIn(text: string, mentions: ReadonlySet<string>, pieces: Piece[]): void {
  let done = 0;
  for (const match of text.matchAll(linkPattern)) {
    const link = withoutTail(match[0]);
    const href = safeHref(link);
    if (!href) continue;
    mentionsIn(text.slice(done, match.index), mentions, pieces);
    pieces.push({ kind: 'link', text: link, href });
    done = match.index + link.length;
  }
  mentionsIn(text.slice(done), mentions, pieces);
}

// `mentions`: users; other words with an @ stay text.
export function split(text: string, mentions: ReadonlySet<string>): Piece[] {
  const pieces: Piece[] = [];
  const parts = text.split(/(```[\s\S]+?```|`[^`\n]+`)/);
  for (const part of parts) {
    if (part.length > 6 && part.startsWith('```') && part.endsWith('```')) {
      pieces.push({ kind: 'block', text: part.slice(3, -3).replace(/^\n|\n$/g, '') });
    } else if (part.length > 2 && part.startsWith('`') && part.endsWith('`')) {
      pieces.push({ kind: 'code', text: part.slice(1, -1) });
    } else {
      linksIn(part, mentions, pieces);
    }
  }
  return pieces;
}

// The users that a text names with @, of those who are known; the first of them, when they are too
// many for the server.
export function mentionsOf(text: string, isKnown: (user: string) => boolean): string[] {
  const found = new Set<string>();
  for (const match of text.matchAll(mentionPattern)) {
    const user = userNamed(match[2]!, isKnown);
    if (user !== undefined) found.add(user);
  }
  return [...found].slice(0, limits.mentions);
}

const emojiPattern = /^(?:\p{Emoji_Presentation}|\p{Emoji}\uFE0F|\u200D|\s){1,12}$/u;

// Nothing but up to three emoji: shown larger.
export function isOnlyEmoji(text: string): boolean {
  const trimmed = text.trim();
  if (trimmed === '' || trimmed.length > 24 || /[0-9#*]/.test(trimmed)) return false;
  return emojiPattern.test(trimmed);
}

const emojiElement = [
  '\\p{Regional_Indicator}{2}',
  '[0-9#*]\\uFE0F\\u20E3',
  '(?![0-9#*\\p{Regional_Indicator}])\\p{Emoji}' +
    '(?:\\p{Emoji_Modifier}|\\uFE0F|[\\u{E0020}-\\u{E007E}]+\\u{E007F})?',
].join('|');
const oneEmojiPattern = new RegExp(`^(?:${emojiElement})(?:\\u200D(?:${emojiElement}))*$`, 'u');

// One emoji, as a reaction has to be (UTS 51, "Emoji Sequences"). The server, which alone has to be
// right, knows which sequences there are; this tells them from words.
export function isEmoji(text: string): boolean {
  return text.length <= 32 && oneEmojiPattern.test(text);
}

// The word with an @ that the caret is in or behind, for which names are offered: where it begins,
// and what of it is there.
export function mentionAt(
  text: string,
  caret: number,
): { begin: number; query: string } | undefined {
  const match = /(?:^|[\s(\[{"'*,;:/])@([A-Za-z0-9~._-]{0,32})$/.exec(text.slice(0, caret));
  if (!match) return undefined;
  return { begin: caret - match[1]!.length - 1, query: match[1]!.toLowerCase() };
}

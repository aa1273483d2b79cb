// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import test from 'node:test';
import type { Publication } from '../../../web/src/model/protocol';
import { unreadOf } from '../../../web/src/model/unread';
import { Timeline, type MessageItem } from '../../../web/src/model/timeline';

const from = (user: string) => ({ user, client: 'c', connInfo: { name: user.toUpperCase() } });
const message = (offset: number, text: string, user = 'ada', more = {}): Publication => ({
  offset,
  data: { id: `m${offset}`, type: 'message', text, time: 1000 * offset, ...more },
  info: from(user),
});
const change = (offset: number, data: object, user = 'ada'): Publication => ({
  offset,
  data: { id: `c${offset}`, ...data },
  info: from(user),
});
const texts = (timeline: Timeline) =>
  timeline.items.map((item) => (item.kind === 'message' ? item.text : item.data.event));
const at = (timeline: Timeline, offset: number) => timeline.message(offset) as MessageItem;
const empty = () => new Timeline({ offset: 0, epoch: 'e' });

test('shows a publication once, however often it comes', () => {
  const timeline = empty();
  assert.equal(timeline.add(message(1, 'one'), 0), true);
  assert.equal(timeline.add(message(1, 'one'), 0), false);
  assert.deepEqual(texts(timeline), ['one']);
});

test('joins older history to what came live, without a hole or a double', () => {
  const timeline = new Timeline({ offset: 3, epoch: 'e' });
  timeline.add(message(4, 'four'), 0);
  timeline.addOlder([message(4, 'four'), message(3, 'three'), message(2, 'two')]);
  assert.deepEqual(texts(timeline), ['two', 'three', 'four']);
  assert.equal(timeline.hasMore, true);
  timeline.addOlder([message(1, 'one')]);
  assert.deepEqual(texts(timeline), ['one', 'two', 'three', 'four']);
  assert.equal(timeline.hasMore, false);
});

test('begins anew behind a hole, instead of hiding it', () => {
  const timeline = empty();
  timeline.add(message(1, 'one'), 0);
  timeline.add(message(5, 'five'), 0);
  assert.deepEqual(texts(timeline), ['five']);
  assert.equal(timeline.low, 5);
  assert.equal(timeline.hasMore, true);
});

test('an edit changes the text, somebody else’s does not', () => {
  const timeline = empty();
  timeline.add(message(1, 'helo'), 0);
  timeline.add(change(2, { type: 'edit', target: 1, text: 'evil' }, 'bob'), 0);
  assert.equal(at(timeline, 1).text, 'helo');
  timeline.add(change(3, { type: 'edit', target: 1, text: 'hello' }), 0);
  assert.equal(at(timeline, 1).text, 'hello');
  assert.equal(at(timeline, 1).edited, true);
});

test('an edit that was folded before its message is not lost', () => {
  const timeline = new Timeline({ offset: 1, epoch: 'e' });
  timeline.add(change(2, { type: 'edit', target: 1, text: 'new' }), 0);
  timeline.addOlder([message(1, 'old')]);
  assert.equal(at(timeline, 1).text, 'new');
});

test('the latest of two edits wins, whichever is folded first', () => {
  const timeline = new Timeline({ offset: 3, epoch: 'e' });
  timeline.addOlder([
    change(3, { type: 'edit', target: 1, text: 'second' }),
    change(2, { type: 'edit', target: 1, text: 'first' }),
    message(1, 'original'),
  ]);
  assert.equal(at(timeline, 1).text, 'second');
});

test('a deletion takes text, mentions and reactions, and stays', () => {
  const timeline = empty();
  timeline.add(message(1, 'secret', 'ada', { mentions: ['bob'] }), 0);
  timeline.add(change(2, { type: 'reaction', target: 1, key: '👍', on: true }, 'bob'), 0);
  timeline.add(change(3, { type: 'delete', target: 1 }, 'mod'), 0);
  timeline.add(change(4, { type: 'edit', target: 1, text: 'back' }), 0);
  timeline.add(change(5, { type: 'reaction', target: 1, key: '👍', on: true }, 'eve'), 0);
  const item = at(timeline, 1);
  assert.deepEqual([item.text, item.mentions, item.reactions, item.deletedBy], ['', [], [], 'mod']);
});

test('history has deleted and edited messages in place', () => {
  const timeline = new Timeline({ offset: 2, epoch: 'e' });
  timeline.addOlder([
    message(2, 'new', 'ada', { edited: 5 }),
    { offset: 1, data: { id: 'm1', type: 'deleted', by: 'mod' }, info: from('bob') },
  ]);
  assert.equal(at(timeline, 2).edited, true);
  assert.equal(at(timeline, 1).deletedBy, 'mod');
  assert.equal(at(timeline, 1).user, 'bob');
});

test('reactions count each user once, and the last word counts', () => {
  const timeline = empty();
  timeline.add(message(1, 'hi'), 0);
  const react = (offset: number, user: string, on: boolean, key = '👍') =>
    timeline.add(change(offset, { type: 'reaction', target: 1, key, on }, user), 0);
  react(2, 'bob', true);
  react(3, 'bob', true);
  react(4, 'eve', true);
  react(5, 'eve', true, '🎉');
  assert.deepEqual(at(timeline, 1).reactions, [
    { key: '👍', users: ['bob', 'eve'] },
    { key: '🎉', users: ['eve'] },
  ]);
  react(6, 'bob', false);
  react(7, 'eve', false);
  assert.deepEqual(at(timeline, 1).reactions, [{ key: '🎉', users: ['eve'] }]);
});

test('reactions of history are in force, but not against later ones', () => {
  const timeline = new Timeline({ offset: 3, epoch: 'e' });
  timeline.addOlder([
    change(3, { type: 'reaction', target: 1, key: '👍', on: false }, 'bob'),
    change(2, { type: 'reaction', target: 1, key: '👍', on: true }, 'bob'),
  ]);
  timeline.addOlder([message(1, 'hi')]);
  assert.deepEqual(at(timeline, 1).reactions, []);
});

test('a changed item is another object, others stay', () => {
  const timeline = empty();
  timeline.add(message(1, 'a'), 0);
  timeline.add(message(2, 'b'), 0);
  const [first, second] = timeline.items;
  timeline.add(change(3, { type: 'edit', target: 1, text: 'c' }), 0);
  assert.notEqual(timeline.items[0], first);
  assert.equal(timeline.items[1], second);
});

test('keys stay unique when an id is used again', () => {
  const timeline = empty();
  timeline.add(message(1, 'a', 'ada', { id: 'same' }), 0);
  timeline.add(message(2, 'b', 'ada', { id: 'same' }), 0);
  timeline.add(message(3, 'c', 'bob', { id: 'same' }), 0);
  assert.equal(new Set(timeline.items.map(({ key }) => key)).size, 3);
});

test('nobody can make an event, and nonsense is not shown', () => {
  const timeline = empty();
  const odd: unknown[] = [
    null,
    'text',
    [1],
    { type: 'message' },
    { type: 'message', text: 5 },
    { type: 'x-else', text: 'a' },
    { type: 'reaction', target: '1', key: '👍', on: true },
    { type: 'edit', target: 1 },
    { type: 'event', event: 'ban', user: 'ada' },
  ];
  odd.forEach((data, index) => timeline.add({ offset: index + 1, data, info: from('eve') }, 0));
  assert.deepEqual(timeline.items, []);
  timeline.add({ offset: 10, data: { type: 'event', event: 'join', user: 'ada' } }, 7);
  assert.equal(timeline.items[0]?.kind, 'event');
  assert.equal(timeline.top, 10);
});

test('what is trimmed can be loaded again, with all that has changed since', () => {
  const whole = empty();
  const log: Publication[] = [];
  const say = (publication: Publication) => {
    log.push(publication);
    whole.add(publication, 0);
  };
  for (let offset = 1; offset <= 10; ++offset) say(message(offset, `text ${offset}`));
  say(change(11, { type: 'reaction', target: 2, key: '👍', on: true }, 'bob'));
  say(change(12, { type: 'reaction', target: 2, key: 'y', on: true }, 'bob'));
  say(change(13, { type: 'edit', target: 3, text: 'edited' }));
  say(change(14, { type: 'delete', target: 4 }));
  for (let offset = 15; offset <= 20; ++offset) say(message(offset, `text ${offset}`));
  say(change(21, { type: 'reaction', target: 2, key: '👍', on: false }, 'bob'));
  const before = structuredClone(whole.items);
  for (const max of [14, 7, 6, 3, 0]) {
    whole.trim(max);
    assert.equal(whole.items.length, max);
    assert.equal(whole.hasMore, true);
    whole.addOlder(log.filter(({ offset }) => offset! < whole.low).reverse());
    assert.deepEqual(whole.items, before, `after trimming to ${max}`);
  }
});

test('mentions before what is here are still counted, once', () => {
  const timeline = empty();
  const log = Array.from({ length: 9 }, (_, i) =>
    message(i + 1, 't', 'bob', i === 2 ? { mentions: ['me'] } : {}),
  );
  for (const publication of log) timeline.add(publication, 0);
  const unread = () => unreadOf(timeline, 0, 'me', new Set());
  assert.deepEqual(unread(), { count: 9, mentions: 1 });
  timeline.trim(4);
  assert.deepEqual(unread(), { count: 9, mentions: 1 });
  timeline.addOlder(log.slice(0, 5).reverse());
  assert.deepEqual(unread(), { count: 9, mentions: 1 });
});

test('what is no emoji, or one kind too many, is no reaction', () => {
  const timeline = empty();
  timeline.add(message(1, 'hi'), 0);
  const kinds = Array.from({ length: 31 }, (_, i) => String.fromCodePoint(0x1f400 + i));
  [...kinds, 'spam', ' '].forEach((key, i) =>
    timeline.add(change(2 + i, { type: 'reaction', target: 1, key, on: true }, 'bob'), 0),
  );
  assert.deepEqual(
    at(timeline, 1).reactions.map(({ key }) => key),
    kinds.slice(0, 30),
  );
});

test('a time that no date can hold is as if nobody had told one', () => {
  const timeline = empty();
  for (const [i, time] of [8640000000000001, -1, NaN, Infinity, '1', null, {}].entries()) {
    timeline.add(message(i + 1, 'hi', 'ada', { time }), 5);
    assert.equal(at(timeline, i + 1).time, 5);
  }
});

test('the server\'s time counts, and not what the sender says', () => {
  const timeline = empty();
  const time = 1_700_000_000_000;
  timeline.add({ ...message(1, 'hi', 'ada', { time: 5 }), time }, 0);
  timeline.add({ ...message(2, 'hi', 'ada', { time: 5 }), time: 8640000000000001 }, 0);
  timeline.add({ offset: 3, data: { type: 'event', event: 'join', time: 7 }, time }, 0);
  assert.deepEqual(
    timeline.items.map((item) => item.time),
    [time, 5, time],
  );
});

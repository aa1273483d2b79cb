// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import test from 'node:test';
import { compact, micros, niceMax, Samples, type NodeSample } from '../../../web/src/admin/samples';
import { dayName, dayOf, hueOf, initials, listNames } from '../../../web/src/model/format';
import { channelOf, dmChannel, hashOf, parseRoute, routeOf } from '../../../web/src/model/route';
import { rowsOf, type RowsInput } from '../../../web/src/model/rows';
import { Timeline } from '../../../web/src/model/timeline';
import { titleOf, unreadOf } from '../../../web/src/model/unread';

const noOne = new Set<string>();
const minute = 60_000;
const noon = new Date(2026, 4, 10, 12).getTime();

function timelineOf(...messages: [user: string, minutes: number, more?: object][]): Timeline {
  const timeline = new Timeline({ offset: 0, epoch: 'e' });
  messages.forEach(([user, minutes, more], index) => {
    const time = noon + minutes * minute;
    const data = { id: `${index}`, type: 'message', text: 't', time, ...more };
    timeline.add({ offset: index + 1, data, info: { user } }, 0);
  });
  return timeline;
}

const rows = (timeline: Timeline, more: Partial<RowsInput> = {}) =>
  rowsOf({
    items: timeline.items,
    low: timeline.low,
    hasMore: true,
    pending: [],
    me: 'me',
    hidden: new Set(),
    ...more,
  });
const kinds = (timeline: Timeline, more: Partial<RowsInput> = {}) =>
  rows(timeline, more).map((row) =>
    row.kind === 'message' || row.kind === 'pending' ? (row.isGrouped ? '+' : 'm') : row.kind,
  );

test('messages of one author within five minutes are a group', () => {
  const timeline = timelineOf(['a', 0], ['a', 1], ['b', 2], ['a', 3], ['a', 30]);
  assert.deepEqual(kinds(timeline), ['day', 'm', '+', 'm', 'm', 'm']);
});

test('a day begins once, even when clocks differ', () => {
  const timeline = timelineOf(['a', 0], ['a', 24 * 60], ['b', 60], ['a', 24 * 60 + 1]);
  assert.deepEqual(kinds(timeline), ['day', 'm', 'day', 'm', 'm', 'm']);
});

test('the mark stands before the first new message of somebody else', () => {
  const timeline = timelineOf(['a', 0], ['me', 1], ['a', 2]);
  assert.deepEqual(kinds(timeline, { newAfter: 1 }), ['day', 'm', 'm', 'new', 'm']);
  assert.deepEqual(kinds(timeline, { newAfter: 3 }), ['day', 'm', 'm', 'm']);
});

test('there is no mark while it belongs before what is here', () => {
  const timeline = new Timeline({ offset: 4, epoch: 'e' });
  timeline.add({ offset: 5, data: { type: 'message', text: 't' }, info: { user: 'a' } }, noon);
  assert.deepEqual(kinds(timeline, { newAfter: 2 }), ['day', 'm']);
  assert.deepEqual(kinds(timeline, { newAfter: 4 }), ['day', 'new', 'm']);
  assert.deepEqual(kinds(timeline, { newAfter: 2, hasMore: false }), ['start', 'day', 'new', 'm']);
});

test('blocked people are not shown; replies begin a group', () => {
  const timeline = timelineOf(['a', 0], ['eve', 1], ['a', 1, { reply_to: 1 }]);
  assert.deepEqual(kinds(timeline, { hidden: new Set(['eve']), hasMore: false }), [
    'start',
    'day',
    'm',
    'm',
  ]);
});

test('what is on its way stands last, in its author’s group', () => {
  const entry = {
    id: 'p',
    channel: 'c',
    data: { id: 'p', type: 'message' as const, text: 'x', time: noon + minute },
    state: 'waiting' as const,
  };
  const found = rows(timelineOf(['me', 0]), { pending: [entry] });
  assert.equal(found.at(-1)?.kind, 'pending');
  assert.equal(found.at(-1)?.key, 'me:p');
});

test('who came and went is one line', () => {
  const timeline = new Timeline({ offset: 0, epoch: 'e' });
  ['join', 'leave', 'join', 'topic', 'join'].forEach((event, index) =>
    timeline.add({ offset: index + 1, data: { type: 'event', event, user: 'a' } }, noon),
  );
  assert.deepEqual(kinds(timeline), ['day', 'events', 'events', 'events']);
});

test('unread: exact where messages are here, estimated where not', () => {
  const timeline = timelineOf(['a', 0], ['a', 1, { mentions: ['me'] }], ['me', 2], ['a', 3]);
  timeline.add({ offset: 5, data: { type: 'reaction', target: 1, key: 'x', on: true } }, 0);
  assert.deepEqual(unreadOf(timeline, 1, 'me', noOne), { count: 2, mentions: 1 });
  assert.deepEqual(unreadOf(timeline, 5, 'me', noOne), { count: 0, mentions: 0 });
  const unseen = new Timeline({ offset: 40, epoch: 'e' });
  assert.equal(unreadOf(timeline, 1, 'me', new Set(['a'])).count, 0);
  assert.equal(unreadOf(unseen, 30, 'me', noOne).count, 10);
});

test('the title counts what is meant for the reader', () => {
  const quiet = { count: 5, mentions: 0, isDm: false };
  assert.equal(titleOf('chirm', []), 'chirm');
  assert.equal(titleOf('chirm', [quiet]), '• chirm');
  assert.equal(titleOf('chirm', [quiet, { count: 2, mentions: 0, isDm: true }]), '(2) chirm');
  assert.equal(titleOf('chirm', [{ count: 3, mentions: 1, isDm: false }]), '(1) chirm');
});

test('routes survive being written and read', () => {
  for (const route of [
    { kind: 'room', room: 'lobby' },
    { kind: 'room', room: 'a.b_c-d', at: 12 },
    { kind: 'dm', user: '~ada-x7k2m9' },
    { kind: 'dm', user: 'Ada@Example.org' }, // of another system
  ] as const) {
    assert.deepEqual(parseRoute(hashOf(route)), route);
  }
  const wrong = ['', '#', '#/', '#/room/', '#/x/y', '#/room/%', '#/room/a/b', '#/room/a?at=x'];
  for (const hash of wrong) {
    assert.deepEqual(parseRoute(hash), { kind: 'none' }, hash);
  }
});

test('a private conversation is the two names in byte order', () => {
  assert.equal(dmChannel('bob', 'ada'), 'dm:#ada,bob');
  assert.equal(dmChannel('ada', 'ada2'), 'dm:#ada,ada2');
  assert.equal(dmChannel('~z', 'a'), 'dm:#a,~z');
  assert.deepEqual(routeOf('dm:#ada,bob', 'bob'), { kind: 'dm', user: 'ada' });
  assert.equal(channelOf({ kind: 'dm', user: 'bob' }, 'bob'), undefined);
});

test('names and days for people', () => {
  assert.equal(dayName(noon, noon), 'Today');
  assert.equal(dayName(noon - 24 * 60 * minute, noon), 'Yesterday');
  assert.equal(dayOf(noon + 24 * 60 * minute) - dayOf(noon), 1);
  assert.equal(listNames(['a', 'b', 'c', 'd']), 'a, b and 2 others');
  assert.equal(listNames(['a', 'b']), 'a and b');
  assert.equal(initials('~ada-x7'), 'AX');
  assert.equal(initials('bob'), 'BO');
  assert.equal(hueOf('ada'), hueOf('ada'));
});

const node = (published: number, more = {}): NodeSample => ({
  node: 'n',
  version: '',
  uptime: 1,
  connections: 1,
  users: 1,
  channels: 1,
  subscriptions: 1,
  published,
  delivered: 0,
  delivery_us: { p50: 1, p99: 2 },
  loop_lag_us: { p50: 1, p99: 2 },
  slow_readers: 0,
  memory: 0,
  cpu_ms: 0,
  ...more,
});

test('counters become rates, and a restart is no negative one', () => {
  const samples = new Samples(3);
  const told: [number, number][] = [[0, 100], [1000, 150], [3000, 250], [4000, 10], [5000, 20]];
  for (const [time, published] of told) {
    samples.add(time, [node(published)]);
  }
  const rates = samples.line('x', 'n', (state) => state.publishedPerS).values;
  assert.deepEqual(rates, [50, 37.5, 32]); // of all that time: it is not more than five seconds
  samples.add(15_000, [node(40)]);
  assert.equal(samples.latest?.nodes.get('n')?.publishedPerS, 2);
});

test('a node that is gone leaves a gap', () => {
  const samples = new Samples();
  samples.add(0, [node(0)]);
  samples.add(1, [node(0), node(0, { node: 'm' })]);
  samples.add(2, [node(0)]);
  assert.deepEqual(
    samples.perNode((state) => state.connections),
    [
      { name: 'm', values: [1, undefined] },
      { name: 'n', values: [1, 1] },
    ],
  );
});

test('axes end at round numbers', () => {
  assert.deepEqual([0, 1, 7, 11, 99, 1234].map(niceMax), [1, 1, 8, 15, 100, 1500]);
  assert.equal(compact(12_345), '12.3 k');
  assert.equal(micros(0.5), '0.5 µs');
  assert.equal(micros(1500), '1.5 ms');
});

// SPDX-License-Identifier: MIT
// What a signed-in chat is made of: catching up, read marks, who types, tasks one at a time.
import assert from 'node:assert/strict';
import test, { type TestContext } from 'node:test';
import { CatchUp } from '../../../web/src/app/catch_up';
import { ReadMark } from '../../../web/src/app/read_mark';
import { Typing } from '../../../web/src/app/typing';
import { oneAtATime } from '../../../web/src/model/one_at_a_time';
import type { Channel } from '../../../web/src/model/protocol';

const channel = (name: string, more = {}): Channel => ({
  kind: 'dm',
  channel: name,
  user: 'bob',
  name: 'Bob',
  top: 0,
  epoch: 'e',
  read: 0,
  last: 0,
  ...more,
});

// Timers and a clock that stand still but for the returned function. Node.js has some of its own,
// but those of Debian's version 18 lack the clock, and are called otherwise.
function stepTime(t: TestContext) {
  const { setTimeout, clearTimeout } = globalThis;
  const { now } = Date;
  let time = now();
  let last = 0;
  const timers = new Map<number, { at: number; run: () => void }>();
  const set = (run: () => void, ms = 0) => {
    timers.set(++last, { at: time + Math.max(ms, 1), run });
    return last;
  };
  globalThis.setTimeout = set as unknown as typeof setTimeout;
  globalThis.clearTimeout = ((id: number) => timers.delete(id)) as unknown as typeof clearTimeout;
  Date.now = () => time;
  t.after(() => {
    Object.assign(globalThis, { setTimeout, clearTimeout });
    Date.now = now;
  });
  return (ms: number) => {
    const end = time + ms;
    for (;;) {
      const due = [...timers].filter(([, { at }]) => at <= end);
      if (due.length === 0) break;
      const [id, { at, run }] = due.sort(([, a], [, b]) => a.at - b.at)[0];
      timers.delete(id);
      time = at;
      run();
    }
    time = end;
  };
}

// --- Catching up

function makeCatchUp() {
  const there = new Set<string>();
  const told: string[] = [];
  const catchUp = new CatchUp({
    isThere: (name) => there.has(name),
    caughtUp: () => told.push('caught up'),
    mayPublish: () => told.push('may publish'),
  });
  return { catchUp, there, told, state: () => catchUp.link.peek().state };
}

test('the first connection waits for the list only', () => {
  const { catchUp, told, state } = makeCatchUp();
  catchUp.lost(); // the first attempt failed: nothing was there to be lost
  assert.equal(state(), 'connecting');
  catchUp.connected();
  assert.deepEqual([state(), told], ['online', []]);
  catchUp.listed([channel('a', { top: 5 })]);
  assert.deepEqual(told, ['may publish']);
});

test('after a loss nothing goes out until each conversation has got what it missed', (t) => {
  const step = stepTime(t);
  const { catchUp, there, told, state } = makeCatchUp();
  catchUp.connected();
  catchUp.lost();
  catchUp.retryAt(123);
  assert.deepEqual(catchUp.link.peek(), { state: 'lost', retryAt: 123 });
  catchUp.connected();
  catchUp.listed([channel('a'), channel('b')]);
  there.add('a');
  catchUp.settled();
  assert.deepEqual([state(), told], ['catchingUp', []]);
  there.add('b');
  catchUp.settled();
  assert.deepEqual([state(), told], ['caughtUp', ['caught up', 'may publish']]);
  step(2500);
  assert.equal(state(), 'online');
});

test('what takes too long to come is not waited for', (t) => {
  const step = stepTime(t);
  const { catchUp, told, state } = makeCatchUp();
  catchUp.connected();
  catchUp.lost();
  catchUp.connected();
  catchUp.listed([channel('a')]);
  step(15_000);
  assert.deepEqual([state(), told], ['online', ['caught up', 'may publish']]);
});

test('a connection that is lost again while catching up begins anew', (t) => {
  const step = stepTime(t);
  const { catchUp, there, told, state } = makeCatchUp();
  catchUp.connected();
  catchUp.lost();
  catchUp.connected();
  catchUp.listed([channel('a')]);
  catchUp.lost();
  there.add('a');
  catchUp.settled();
  step(60_000);
  assert.deepEqual([state(), told], ['lost', []]);
});

// --- Read marks

function makeMark(read = 3) {
  const sent: number[] = [];
  let fails = false;
  const mark = new ReadMark(channel('a', { read }), {
    changed: () => undefined,
    send: (offset) => {
      sent.push(offset);
      return fails ? Promise.reject(new Error('lost')) : Promise.resolve();
    },
  });
  return { mark, sent, fail: (isSo: boolean) => (fails = isSo) };
}

test('what is read is told once in a while, also to a reader without a pause', (t) => {
  const step = stepTime(t);
  const { mark, sent } = makeMark();
  for (let offset = 4; offset < 14; ++offset) {
    mark.advance(offset);
    step(100);
  }
  assert.deepEqual(sent, [7, 11]);
  mark.advance(2); // never backwards
  mark.send();
  mark.send();
  assert.deepEqual([mark.offset, sent], [13, [7, 11, 13]]);
});

test('what could not be told is told with the next one', async (t) => {
  const step = stepTime(t);
  const { mark, sent, fail } = makeMark();
  fail(true);
  mark.advance(4);
  step(400);
  await Promise.resolve();
  await Promise.resolve();
  fail(false);
  mark.send();
  assert.deepEqual(sent, [4, 4]);
});

test('what was read elsewhere is not told again, and nothing is read of a new log', () => {
  const { mark, sent } = makeMark();
  mark.heard(8);
  mark.heard(5);
  mark.send();
  assert.deepEqual([mark.offset, sent], [8, []]);
  mark.follow('e');
  assert.equal(mark.offset, 8);
  mark.follow('another');
  assert.equal(mark.offset, 0);
  mark.heard(2, 'a third');
  assert.equal(mark.offset, 2);
  mark.rename('a fourth'); // which is the third, with another name
  mark.follow('a fourth');
  assert.equal(mark.offset, 2);
});

// --- Who types

test('typing is told at once, then every few seconds, and not after it stopped', (t) => {
  const step = stepTime(t);
  step(10_000);
  let told = 0;
  const typing = new Typing(() => ++told);
  typing.begin();
  typing.begin();
  step(1);
  assert.equal(told, 1);
  typing.begin();
  step(3000);
  assert.equal(told, 1);
  step(300);
  assert.equal(told, 2);
  typing.begin();
  typing.stop();
  step(60_000);
  assert.equal(told, 2);
});

test('who types is shown until they stop, or a while after the last word of it', (t) => {
  const step = stepTime(t);
  const typing = new Typing(() => undefined);
  const who = () => [...typing.people.peek().values()].map(({ name }) => name);
  const hears = (user: string, name?: string) =>
    typing.heard({ data: {}, info: { user, connInfo: name ? { name } : undefined } });
  hears('ada', 'Ada');
  step(4000);
  hears('ada', 'Ada');
  hears('bob');
  typing.heard({ data: {} }); // of nobody
  assert.deepEqual(who(), ['Ada', 'bob']);
  typing.stopped('bob');
  step(4000);
  assert.deepEqual(who(), ['Ada']);
  step(4000);
  assert.deepEqual(who(), []);
});

// --- One at a time

test('whoever asks while a task runs has it run once more after that', async () => {
  const ends: (() => void)[] = [];
  const run = oneAtATime(() => new Promise((resolve) => ends.push(resolve)));
  const first = run();
  void run();
  void run();
  assert.equal(ends.length, 1);
  ends[0]!();
  await first;
  assert.equal(ends.length, 2);
  ends[1]!();
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(ends.length, 2);
  void run();
  assert.equal(ends.length, 3);
});

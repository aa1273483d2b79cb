// SPDX-License-Identifier: MIT
// Messages of any kind of content, as a server that checks nothing passes them on and as older ones
// have stored them: the room is shown, and what others said stands in it.
import assert from 'node:assert/strict';
import test from 'node:test';
import {
  composer,
  launch,
  message,
  openTab,
  publishAll,
  register,
  say,
  startCluster,
} from './browser.js';

const seed = Number(process.env.CHIRM_SEED ?? 20261201);

// Mulberry32.
function randomFrom(state) {
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

// What no reader of a message expects somewhere.
const hostile = [
  null, true, false, '', ' ', 'x', 'constructor', '__proto__', 'toString', '0', '\u0000', '\u202e\u2066',
  '\ud83d', 'e\u0301'.repeat(500), 'W'.repeat(7000), '@ada '.repeat(900), '`'.repeat(3000), '👍', '👍'.repeat(9),
  `http://a${'!'.repeat(3000)}x${')'.repeat(3000)}`, 'http://[', 'https://%', 'http://a:99999999/',
  0, -0, -1, 0.5, 1, 2, 3, 10, 8.64e15, 8640000000000001, -8640000000000001, 253402300800000, 1e21, 1e308, -1e308,
  2 ** 31, 2 ** 32, 2 ** 53, 2 ** 53 + 2, [], [[]], [null], ['ada', 1, null, {}], {}, { toString: 1 },
  { valueOf: null, toString: null }, { then: 1 }, { length: 1e9 }, { text: 'x' }, { type: 'message' },
  Array.from({ length: 500 }, (_, i) => `user${i}`), { a: { b: { c: { d: [{ e: {} }] } } } },
];
const types = ['message', 'edit', 'delete', 'deleted', 'reaction', 'typing', 'event', 'x-any', 'no such'];
const events = ['created', 'join', 'leave', 'kick', 'ban', 'mute', 'role', 'title', 'topic', 'constructor'];
const fields = [
  'id', 'type', 'text', 'time', 'edited', 'edit', 'reply_to', 'mentions', 'by', 'target', 'key', 'on', 'event',
  'user', 'reason', 'until', 'value', 'reactions', 'name',
];

function hostileMessage(random, n) {
  const pick = (all) => all[Math.floor(random() * all.length)];
  if (random() < 0.05) return pick(hostile);
  // Right as a whole, so that readers go on to the one member that is not.
  const data = {
    id: `h${n}`, type: pick(types), text: `hostile ${n}`, time: Date.now(), reply_to: 1, mentions: ['ada'],
    target: 1 + Math.floor(random() * (n + 1)), key: '👍', on: true, event: pick(events), user: 'bob', by: 'bob',
  };
  for (let i = 1 + Math.floor(random() * 3); i > 0; --i) {
    const name = pick(fields);
    if (random() < 0.2) delete data[name];
    else data[name] = pick(hostile);
  }
  // All come from one user, who may change what they said: it must not be what is looked for.
  const isChange = data.type === 'edit' || data.type === 'delete';
  if (isChange && Number.isSafeInteger(data.target)) data.target += 2 ** 40;
  return data;
}

// Every third is what somebody says in between.
function conversation(random, begin, count) {
  return Array.from({ length: count }, (_, i) => {
    const n = begin + i;
    return n % 3 ? hostileMessage(random, n) : { id: `s${n}`, type: 'message', text: `sane ${n}.`, time: Date.now() };
  });
}

const sane = (begin, count) =>
  Array.from({ length: count }, (_, i) => begin + i).filter((n) => n % 3 === 0).map((n) => `sane ${n}.`);

// The texts of all that is there, from the newest up to the first.
async function readAll(page, first) {
  const found = new Set();
  const scroller = page.locator('.list');
  while (!found.has(first)) {
    for (const text of await page.locator('.message .message-text').allTextContents()) found.add(text);
    await page.waitForFunction(
      (known) =>
        [...document.querySelectorAll('.message .message-text')].some((each) => !known.includes(each.textContent)) ||
        document.querySelector('.list').scrollTop > 0,
      [...found],
    );
    await scroller.evaluate((list) => (list.scrollTop -= 300));
    await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
  }
  return found;
}

test(`whatever messages are made of, the room is shown (CHIRM_SEED=${seed})`, async (t) => {
  const cluster = await startCluster(t, { nodes: 2, each: [[], ['--insecure']] });
  const browser = await launch(t);
  const random = randomFrom(seed);
  const half = 300;
  await publishAll(t, browser, cluster, 1, conversation(random, 0, half + 1));
  const page = await openTab(t, browser, cluster.http(0, '/'));
  const warnings = [];
  page.on('console', (each) => each.type() === 'warning' && warnings.push(each.text()));
  await register(page, 'Ada');
  await message(page, `sane ${half}.`).waitFor();
  await t.test('and goes on while they come', async () => {
    await publishAll(t, browser, cluster, 1, conversation(random, half + 1, half));
    await message(page, `sane ${2 * half}.`).waitFor();
    await say(page, 'and I am still here');
    await page.locator('.message:not(.is-pending)', { hasText: 'and I am still here' }).waitFor();
  });
  await t.test('with all that others said', async () => {
    await page.reload();
    await message(page, `sane ${2 * half}.`).waitFor();
    const found = await readAll(page, 'sane 0.');
    assert.deepEqual(sane(0, 2 * half + 1).filter((text) => !found.has(text)), []);
  });
  await t.test('and is searched', async () => {
    await page.getByRole('button', { name: 'Search', exact: false }).first().click();
    await page.getByRole('searchbox').fill('hostile');
    await page.locator('.hit').first().waitFor();
    assert.ok(await composer(page).isVisible());
  });
  // Not even the guards were needed: each reader takes what it gets.
  assert.deepEqual(warnings, []);
});

test('a message whose view fails is replaced by a line, and the others stay', async (t) => {
  const cluster = await startCluster(t);
  const browser = await launch(t);
  const page = await openTab(t, browser, cluster.http(0, '/'));
  await register(page, 'Ada');
  // As a browser does that has an error of its own.
  await page.addInitScript(() => {
    const { includes } = String.prototype;
    String.prototype.includes = function (...all) {
      if (includes.call(this, 'breaks the view')) throw new TypeError('broken');
      return includes.apply(this, all);
    };
  });
  for (const text of ['before', 'this breaks the view', 'after']) {
    await say(page, text);
    await page.locator('.message:not(.is-pending)', { hasText: text }).waitFor();
  }
  await page.reload();
  await message(page, 'before').waitFor();
  await message(page, 'after').waitFor();
  await page.getByText('This message cannot be shown.').waitFor();
  await say(page, 'and again');
  await page.locator('.message:not(.is-pending)', { hasText: 'and again' }).waitFor();
});

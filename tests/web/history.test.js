// SPDX-License-Identifier: MIT
// A long history: it scrolls smoothly, nothing jumps, and the page keeps few of its rows.
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
import { patienceMs } from './cluster.js';

const count = 10_000;

// With two pages of history in which nothing is to be seen.
function publication(n) {
  const text = `number ${n}${n % 5 ? '' : ' and some more words that go on and on'.repeat(1 + (n % 7))}`;
  const type = n >= 4000 && n < 4400 ? 'x-quiet' : 'message';
  return { id: `n${n}`, type, text, time: Date.now() - (count - n) * 60_000 };
}

const scroller = (page) => page.locator('.list');

// The messages that stand in the window, all of them, from the top.
const sight = (page) =>
  page.evaluate(() => {
    const list = document.querySelector('.list');
    const { top, bottom } = list.getBoundingClientRect();
    return [...list.querySelectorAll('.list-row:has(.message)')]
      .map((row) => ({ row, box: row.getBoundingClientRect() }))
      .filter(({ box }) => box.top >= top - 1 && box.bottom <= bottom + 1)
      .map(({ row }) => ({ key: row.dataset.key, text: row.querySelector('.message-text').textContent }));
  });

async function keepsItsPlace(page) {
  await scroller(page).evaluate((list) => (list.scrollTop = 2500));
  const jumps = await page.evaluate(async (patienceMs) => {
    const list = document.querySelector('.list');
    const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
    const where = () => {
      const edge = list.getBoundingClientRect().top;
      const row = [...list.querySelectorAll('.list-row:has(.message)')].find((each) => each.getBoundingClientRect().bottom > edge + 60);
      return row && { key: row.dataset.key, at: row.getBoundingClientRect().top };
    };
    const jumps = [];
    let loads = 0;
    let height = list.scrollHeight;
    const end = performance.now() + patienceMs;
    while (loads < 4 && performance.now() < end) {
      list.scrollTop -= 120;
      await frame();
      const before = where();
      await frame();
      await frame();
      const same = before && [...list.querySelectorAll('.list-row')].find((each) => each.dataset.key === before.key);
      if (!same) jumps.push('gone');
      else jumps.push(Math.abs(same.getBoundingClientRect().top - before.at));
      if (list.scrollHeight > height + 500) ++loads;
      height = list.scrollHeight;
    }
    return { worst: jumps.includes('gone') ? 'gone' : Math.max(...jumps), loads };
  }, patienceMs);
  assert.ok(jumps.loads >= 4, `history was loaded ${jumps.loads} times`);
  assert.ok(jumps.worst <= 1, `something moved by ${jumps.worst} pixels`);
}

async function reachesTheBeginning(page) {
  const { most, isThere } = await page.evaluate(async (patienceMs) => {
    const list = document.querySelector('.list');
    let most = 0;
    const end = performance.now() + patienceMs;
    while (!document.querySelector('.start') && performance.now() < end) {
      list.scrollTop = 0;
      await new Promise((resolve) => requestAnimationFrame(resolve));
      most = Math.max(most, list.querySelectorAll('.list-row').length);
    }
    return { most, isThere: document.querySelector('.start') !== null };
  }, patienceMs);
  assert.ok(isThere, 'the beginning did not come');
  assert.ok(most < 150, `${most} rows`);
  await message(page, /number [5-9]( |$)/).first().waitFor(); // the log keeps 10,000 entries
}

async function scrollsWithoutGaps(t, page) {
  const frames = await page.evaluate(async () => {
    const list = document.querySelector('.list');
    const times = [];
    let blank = 0;
    let last = performance.now();
    for (let i = 0; i < 300; ++i) {
      list.scrollTop += 400;
      await new Promise((resolve) => requestAnimationFrame(resolve));
      const now = performance.now();
      times.push(now - last);
      last = now;
      const middle = list.getBoundingClientRect();
      const found = document.elementFromPoint(middle.left + 100, middle.top + middle.height / 2);
      if (!found?.closest('.list-row')) ++blank;
    }
    times.sort((a, b) => a - b);
    return { p50: times[150], p99: times[297], blank };
  });
  t.diagnostic(`frames: p50 ${frames.p50.toFixed(1)} ms, p99 ${frames.p99.toFixed(1)} ms`);
  assert.equal(frames.blank, 0, 'frames with nothing in the middle');
}

async function leadsToTheNewest(page) {
  await page.getByRole('button', { name: 'Newest' }).click();
  await message(page, `number ${count - 1}`).waitFor();
  await page.getByRole('button', { name: 'Newest' }).waitFor({ state: 'detached' });
  await scroller(page).evaluate((list) => (list.scrollTop -= 5000));
  await page.getByRole('button', { name: 'Newest' }).waitFor();
  const before = await sight(page);
  assert.ok(before.length > 3);
  assert.ok(!before.some(({ text }) => text.includes(`number ${count - 1}`)), 'not at the end');
  await say(page, 'still here');
  await page.locator('.message:not(.is-pending)', { hasText: 'still here' }).waitFor();
  await page.getByRole('button', { name: 'Newest' }).waitFor({ state: 'detached' });
  assert.equal(await composer(page).inputValue(), '');
  const [newest, saidLast] = (await sight(page)).slice(-2);
  assert.match(newest.text, new RegExp(`number ${count - 1}( |$)`));
  assert.match(saidLast.text, /still here/);
  await page.reload();
  await page.locator('.message:not(.is-pending)', { hasText: 'still here' }).waitFor();
}

test('10,000 messages', async (t) => {
  const cluster = await startCluster(t, { nodes: 2, each: [[], ['--insecure']] });
  const browser = await launch(t);
  const all = Array.from({ length: count }, (_, n) => publication(n));
  await publishAll(t, browser, cluster, 1, all);
  const page = await openTab(t, browser, cluster.http(0, '/'));
  await register(page, 'Ada');
  await message(page, `number ${count - 1}`).waitFor();
  await t.test('what is in sight does not move when older ones are loaded', () => keepsItsPlace(page));
  await t.test('the beginning can be reached, and few rows are in the document', () => reachesTheBeginning(page));
  await t.test('scrolling through all of it shows no gap', (t) => scrollsWithoutGaps(t, page));
  await t.test('one click, or saying something, leads to the newest', () => leadsToTheNewest(page));
});

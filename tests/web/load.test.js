// SPDX-License-Identifier: MIT
// How much is loaded, and how soon one can type. The size is a promise; times are only told here, as
// the machine may be busy.
import assert from 'node:assert/strict';
import test from 'node:test';
import {
  composer,
  launch,
  message,
  newcomer,
  openContext,
  openTab,
  startCluster,
} from './browser.js';
import { inTime } from './cluster.js';

const kilobytesMax = 150;

test('the page is small, and cached after that', async (t) => {
  const cluster = await startCluster(t);
  const browser = await launch(t);
  const context = await openContext(t, browser);
  const page = await context.newPage();
  const network = await context.newCDPSession(page);
  let transferred = 0;
  let requests = 0;
  await network.send('Network.enable');
  network.on('Network.loadingFinished', ({ encodedDataLength }) => {
    transferred += encodedDataLength;
    ++requests;
  });
  const load = async () => {
    transferred = requests = 0;
    await page.goto(cluster.http(0, '/'));
    await page.getByRole('button', { name: 'Continue as a guest' }).waitFor();
    return { kilobytes: transferred / 1024, requests };
  };
  const first = await load();
  t.diagnostic(`first load: ${first.kilobytes.toFixed(1)} KB in ${first.requests} requests`);
  assert.ok(first.kilobytes > 5 && first.kilobytes <= kilobytesMax, `${first.kilobytes} KB`);
  const second = await load();
  t.diagnostic(`second load: ${second.kilobytes.toFixed(1)} KB in ${second.requests} requests`);
  assert.ok(second.kilobytes < 8, `${second.kilobytes} KB again`);
});

test('a form to sign in stands there at once, and a field to type in', async (t) => {
  const cluster = await startCluster(t);
  const browser = await launch(t);
  const times = { signIn: [], chat: [] };
  const member = await newcomer(t, browser, cluster.http(0, '/'), 'Ada');
  for (let i = 0; i < 7; ++i) {
    const page = await openTab(t, browser, 'about:blank');
    await page.goto(cluster.http(0, '/'), { waitUntil: 'commit' });
    const since = (selector) =>
      page.waitForFunction((wanted) => document.querySelector(wanted) && performance.now(), selector);
    times.signIn.push(await (await since('[name=username]')).jsonValue());
    await member.reload({ waitUntil: 'commit' });
    const typing = await member.waitForFunction(
      () => document.querySelector('.composer textarea') && performance.now(),
    );
    times.chat.push(await typing.jsonValue());
  }
  for (const [view, list] of Object.entries(times)) {
    const sorted = list.sort((a, b) => a - b);
    t.diagnostic(`${view}: p50 ${sorted[3].toFixed(0)} ms, worst ${sorted[6].toFixed(0)} ms`);
  }
});

test('what is typed here is seen there, on another node', async (t) => {
  const cluster = await startCluster(t, { nodes: 2 });
  const browser = await launch(t);
  const ada = await newcomer(t, browser, cluster.http(0, '/'), 'Ada');
  const bob = await newcomer(t, await launch(t), cluster.http(1, '/'), 'Bob');
  const delays = [];
  for (let i = 0; i < 25; ++i) {
    const text = `ping ${i} of many`;
    const seen = bob.evaluate(
      (wanted) =>
        new Promise((resolve) => {
          const look = () => document.querySelector('.list')?.textContent.includes(wanted) && resolve(Date.now());
          new MutationObserver(look).observe(document.querySelector('.list'), {
            subtree: true,
            childList: true,
            characterData: true,
          });
          look();
        }),
      text,
    );
    await composer(ada).fill(text);
    const pressed = await ada.evaluate(() => {
      const field = document.querySelector('.composer textarea');
      const now = Date.now();
      field.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', bubbles: true, cancelable: true }));
      return now;
    });
    delays.push((await inTime(seen, `“${text}” on the other page`)) - pressed);
    await message(bob, text).waitFor();
  }
  delays.sort((a, b) => a - b);
  t.diagnostic(`Enter to visible: p50 ${delays[12]} ms, worst ${delays[24]} ms`);
});

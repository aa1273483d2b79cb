// SPDX-License-Identifier: MIT
// Whatever was said and is kept can be reached, by scrolling or by its address.
import assert from 'node:assert/strict';
import test from 'node:test';
import { launch, message, newcomer, openTab, register, rooms, startCluster } from './browser.js';
import { Door } from './cluster.js';

// A second node without accounts lets one client say what it likes.
const nodes = { nodes: 2, each: [[], ['--insecure']] };

async function publish(t, cluster, browser, all) {
  const page = await openTab(t, browser, cluster.http(1, '/healthz'));
  await page.evaluate(
    ([url, publications]) =>
      new Promise((resolve, reject) => {
        const socket = new WebSocket(url);
        socket.onerror = reject;
        const send = (command) => socket.send(JSON.stringify(command));
        socket.onopen = () => send({ id: 1, connect: { data: { name: 'wren' } } });
        let acked = 0;
        const next = () => {
          const data = publications[acked];
          if (!data) return resolve();
          send({ id: acked + 2, publish: { channel: 'room:lobby', data } });
        };
        socket.onmessage = ({ data }) => {
          for (const line of data.split('\n')) {
            const reply = JSON.parse(line);
            if (reply.error) reject(new Error(line));
            if (reply.connect) next();
            if (reply.publish && ++acked) next();
          }
        };
      }),
    [cluster.url(1), all],
  );
  await page.close();
}

const words = (text) => ({ id: text, type: 'message', text, time: Date.now() });
const reaction = (i) => ({ id: `r${i}`, type: 'reaction', target: 3, key: '👍', on: i % 2 === 0 });

test('messages are reached behind hundreds of reactions to one of them', async (t) => {
  const cluster = await startCluster(t, nodes);
  const browser = await launch(t);
  const reactions = Array.from({ length: 270 }, (_, i) => reaction(i));
  await publish(t, cluster, browser, [words('one'), words('two'), words('three'), ...reactions]);
  const page = await openTab(t, browser, cluster.http(0, '/'));
  await register(page, 'Ada');
  await message(page, 'one').waitFor();
  await message(page, 'three').waitFor();
  await page.locator('.start').waitFor();
});

test('an address of a message leads to it, or tells why not', async (t) => {
  const cluster = await startCluster(t, nodes);
  const browser = await launch(t);
  const door = new Door();
  await door.open();
  t.after(() => door.close());
  door.leadTo(cluster.nodes[0].port);
  const many = Array.from({ length: 300 }, (_, i) => words(`number ${i + 1}.`));
  await publish(t, cluster, browser, many);
  const page = await newcomer(t, browser, door.page, 'Ada');
  await message(page, 'number 300.').waitFor();
  const lead = (at) => page.evaluate((hash) => (location.hash = hash), `#/room/lobby?at=${at}`);

  door.leadTo(1); // nobody listens there
  door.cut();
  await page.getByText('Connection lost').waitFor();
  await lead(2);
  await page.getByText('could not be loaded. Try again').waitFor();
  assert.equal(await page.getByText('is not kept any more').count(), 0);
  door.leadTo(cluster.nodes[0].port);
  await page.getByText('You are all caught up').waitFor();
  await page.evaluate(() => (location.hash = '#/room/lobby'));
  await lead(2);
  await page.locator('.message.is-flashing', { hasText: 'number 2.' }).waitFor();
  assert.equal(await page.evaluate(() => location.hash), '#/room/lobby');
  await lead(9999);
  await page.getByText('That message is not kept any more').waitFor();
});

test('an address in another room is not looked for in this one', async (t) => {
  const cluster = await startCluster(t, nodes);
  const browser = await launch(t);
  await publish(t, cluster, browser, [words('in the lobby')]);
  const page = await newcomer(t, browser, cluster.http(0, '/'), 'Ada');
  await message(page, 'in the lobby').waitFor();
  await page.getByRole('button', { name: 'Create a room' }).click();
  await page.getByLabel('Name', { exact: false }).first().fill('Attic');
  await page.getByRole('button', { name: 'Create', exact: true }).click();
  await page.getByRole('heading', { name: 'Attic' }).first().waitFor();
  await page.evaluate(() => (location.hash = '#/room/lobby?at=1'));
  await page.locator('.message.is-flashing', { hasText: 'in the lobby' }).waitFor();
  await page.evaluate(() => (location.hash = '#/room/attic?at=77'));
  await page.getByText('That message is not kept any more').waitFor();
  await page.getByRole('heading', { name: 'Attic' }).first().waitFor();
  await rooms(page, 'Attic').and(page.locator('.is-open')).waitFor();
  assert.equal(await page.locator('.toast').count(), 1);
});

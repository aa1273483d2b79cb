// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import test from 'node:test';
import { Outbox, type OutboxHooks } from '../../../web/src/model/outbox';

class FakeStorage {
  map = new Map<string, string>();
  get length() {
    return this.map.size;
  }
  key(index: number) {
    return [...this.map.keys()][index] ?? null;
  }
  getItem(key: string) {
    return this.map.get(key) ?? null;
  }
  setItem(key: string, value: string) {
    this.map.set(key, value);
  }
  removeItem(key: string) {
    this.map.delete(key);
  }
}

const settled = () => new Promise((resolve) => setImmediate(resolve));
const data = (id: string, text = id) => ({ id, type: 'message' as const, text, time: 1 });

function make(storage = new FakeStorage(), more: Partial<OutboxHooks> = {}) {
  const sent: string[] = [];
  const laters: (() => void)[] = [];
  const world = {
    sent,
    laters,
    storage,
    time: 1000,
    fail: undefined as unknown,
    history: [] as { data: unknown; info: { user: string } }[],
  };
  const outbox = new Outbox('ada', storage, {
    publish: async (_, published) => {
      if (world.fail) throw world.fail;
      sent.push((published as { id: string }).id);
    },
    historyAfter: async () => world.history,
    position: () => ({ top: 7, epoch: 'e' }),
    changed: () => undefined,
    now: () => world.time,
    later: (run) => laters.push(run),
    ...more,
  });
  return { outbox, world };
}

test('waits while offline, then sends in order', async () => {
  const { outbox, world } = make();
  outbox.add('room:a', data('1'));
  outbox.add('room:a', data('2'));
  await settled();
  assert.deepEqual(world.sent, []);
  assert.equal(outbox.pending, 2);
  outbox.setOnline(true);
  await settled();
  assert.deepEqual(world.sent, ['1', '2']);
  assert.equal(outbox.pending, 0);
});

test('keeps what is sent in sight until it comes back', async () => {
  const { outbox } = make();
  outbox.setOnline(true);
  outbox.add('room:a', data('1'));
  await settled();
  assert.deepEqual(
    outbox.of('room:a').map(({ state }) => state),
    ['sent'],
  );
  outbox.arrived('room:b', '1');
  assert.equal(outbox.of('room:a').length, 1);
  outbox.arrived('room:a', '1');
  assert.equal(outbox.of('room:a').length, 0);
});

test('is there again after a reload, unless it was acknowledged', async () => {
  const { outbox, world } = make();
  outbox.add('room:a', data('1'));
  const again = make(world.storage);
  assert.equal(again.outbox.of('room:a')[0]?.data.text, '1');
  again.outbox.setOnline(true);
  await settled();
  assert.equal(make(world.storage).outbox.of('room:a').length, 0);
});

test('belongs to one user', () => {
  const storage = new FakeStorage();
  make(storage).outbox.add('room:a', data('1'));
  const bob = new Outbox('bob', storage, {} as OutboxHooks);
  assert.equal(bob.of('room:a').length, 0);
});

test('a temporary error is tried again with the same id, a final one is the user’s', async () => {
  const { outbox, world } = make();
  outbox.setOnline(true);
  world.fail = { code: 100, message: 'temporary' };
  outbox.add('room:a', data('1'));
  await settled();
  assert.equal(outbox.of('room:a')[0]?.state, 'waiting');
  world.fail = { code: 103, message: 'muted' };
  world.laters.shift()!();
  await settled();
  const [entry] = outbox.of('room:a');
  assert.deepEqual([entry?.state, entry?.error], ['failed', 'muted']);
  world.fail = undefined;
  outbox.retry('1');
  await settled();
  assert.deepEqual(world.sent, ['1']);
});

test('what failed holds up nothing', async () => {
  const { outbox, world } = make();
  outbox.setOnline(true);
  world.fail = { code: 103, message: 'muted' };
  outbox.add('room:a', data('1'));
  await settled();
  world.fail = undefined;
  outbox.add('room:a', data('2'));
  await settled();
  assert.deepEqual(world.sent, ['2']);
  outbox.discard('1');
  assert.deepEqual(
    outbox.of('room:a').map(({ id }) => id),
    ['2'],
  );
});

// After the server has forgotten ids, the history says whether it was stored.
test('is not sent twice when the answer was lost for longer than ids are kept', async () => {
  const { outbox, world } = make();
  outbox.setOnline(true);
  world.fail = { code: 1, message: 'timeout' };
  outbox.add('room:a', data('1'));
  await settled();
  world.fail = undefined;
  world.time += 10 * 60_000;
  world.history = [{ data: { id: '1' }, info: { user: 'ada' } }];
  world.laters.shift()!();
  await settled();
  assert.deepEqual(world.sent, []);
  assert.equal(outbox.of('room:a').length, 0);
});

test('is sent when the history shows that it was not stored', async () => {
  const { outbox, world } = make();
  outbox.setOnline(true);
  world.fail = { code: 1, message: 'timeout' };
  outbox.add('room:a', data('1'));
  await settled();
  world.fail = undefined;
  world.time += 10 * 60_000;
  world.history = [{ data: { id: '1' }, info: { user: 'eve' } }];
  world.laters.shift()!();
  await settled();
  assert.deepEqual(world.sent, ['1']);
});

test('says so when nobody can tell, and leaves it to the user', async () => {
  const storage = new FakeStorage();
  const { outbox, world } = make(storage, {
    historyAfter: async () => {
      throw { code: 112, message: 'unrecoverable position' };
    },
  });
  outbox.setOnline(true);
  world.fail = { code: 1, message: 'timeout' };
  outbox.add('room:a', data('1'));
  await settled();
  world.fail = undefined;
  world.time += 10 * 60_000;
  world.laters.shift()!();
  await settled();
  assert.equal(outbox.of('room:a')[0]?.state, 'failed');
  assert.deepEqual(world.sent, []);
  outbox.retry('1');
  await settled();
  assert.deepEqual(world.sent, ['1']);
});

test('storage with rubbish in it, or none, does no harm', async () => {
  const storage = new FakeStorage();
  storage.setItem('chirm.outbox.ada.x', '{');
  storage.setItem('chirm.outbox.ada.y', '5');
  storage.setItem = () => {
    throw new Error('full');
  };
  const { outbox, world } = make(storage);
  outbox.setOnline(true);
  outbox.add('room:a', data('1'));
  await settled();
  assert.deepEqual(world.sent, ['1']);
});

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

function make(storage = new FakeStorage(), more: Partial<OutboxHooks> = {}, user = 'ada') {
  const sent: string[] = [];
  const laters: (() => void)[] = [];
  const world = {
    sent,
    laters,
    storage,
    time: 1000,
    fail: undefined as unknown,
    history: [] as { data: unknown; info: { user: string } }[],
    refused: [] as string[],
  };
  const outbox = new Outbox(user, storage, {
    publish: async (_, published) => {
      if (world.fail) throw world.fail;
      sent.push((published as { id: string }).id);
    },
    historyAfter: async () => world.history,
    position: () => ({ top: 7, epoch: 'e' }),
    changed: () => undefined,
    refused: ({ id, error }) => world.refused.push(`${id}: ${error}`),
    alone: (_, run) => run(),
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
  // One name may begin with the other.
  const users = ['ada', 'ada.b', 'ad', 'ada-', 'bob'];
  for (const user of users) {
    const storage = new FakeStorage();
    const open = (of: string) => make(storage, {}, of).outbox;
    open(user).add('room:a', data('1'));
    for (const other of users.filter((each) => each !== user)) {
      assert.equal(open(other).of('room:a').length, 0, `${other} has what ${user} wrote`);
      open(other).clear();
      assert.equal(open(user).of('room:a').length, 1, `${other} took what ${user} wrote`);
    }
  }
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
  assert.deepEqual(world.refused, ['1: muted']);
  assert.deepEqual([outbox.pending, outbox.unsent, outbox.hasFailed('room:a')], [0, 1, true]);
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

const tenMinutes = 10 * 60_000; // longer than the server remembers ids

// The answer to its publish was lost, and it is tried again much later.
async function loseAnswer({ outbox, world }: ReturnType<typeof make>): Promise<void> {
  outbox.setOnline(true);
  world.fail = { code: 1, message: 'timeout' };
  outbox.add('room:a', data('1'));
  await settled();
  world.fail = undefined;
  world.time += tenMinutes;
  world.laters.shift()!();
  await settled();
}

const nothingKept: Partial<OutboxHooks> = {
  historyAfter: async () => {
    throw { code: 112, message: 'unrecoverable position' };
  },
};

// After the server has forgotten ids, the history says whether it was stored.
test('is not sent twice when the answer was lost for longer than ids are kept', async () => {
  const made = make();
  const { outbox, world } = made;
  world.history = [{ data: { id: '1' }, info: { user: 'ada' } }];
  await loseAnswer(made);
  assert.deepEqual(world.sent, []);
  assert.equal(outbox.of('room:a').length, 0);
});

test('is sent when the history shows that it was not stored', async () => {
  const made = make();
  const { world } = made;
  world.history = [{ data: { id: '1' }, info: { user: 'eve' } }];
  await loseAnswer(made);
  assert.deepEqual(world.sent, ['1']);
});

test('says so when nobody can tell, and leaves it to the user', async () => {
  const made = make(new FakeStorage(), nothingKept);
  const { outbox, world } = made;
  await loseAnswer(made);
  assert.equal(outbox.of('room:a')[0]?.state, 'failed');
  assert.deepEqual(world.sent, []);
  outbox.retry('1');
  await settled();
  assert.deepEqual(world.sent, ['1']);
});

test('storage with rubbish in it, or none, does no harm', async () => {
  const storage = new FakeStorage();
  const rubbish = ['{', '5', 'null', '{"id":"3","channel":"room:a"}', '{"id":"4","data":{}}'];
  rubbish.forEach((text, index) => storage.setItem(`chirm.outbox.ada#${index}`, text));
  assert.equal(make(storage).outbox.of('room:a').length, 0);
  assert.equal(storage.length, 0);
  storage.setItem = () => {
    throw new Error('full');
  };
  const { outbox, world } = make(storage);
  outbox.setOnline(true);
  outbox.add('room:a', data('1'));
  await settled();
  assert.deepEqual(world.sent, ['1']);
});

test('what another tab has sent is not sent again, and goes', async () => {
  const { outbox, world } = make();
  outbox.add('room:a', data('1'));
  const other = make(world.storage);
  other.outbox.setOnline(true);
  await settled();
  assert.deepEqual(other.world.sent, ['1']);
  outbox.setOnline(true);
  await settled();
  assert.deepEqual(world.sent, []);
  assert.equal(outbox.of('room:a').length, 0);
});

test('what another tab was refused is not tried again by itself', async () => {
  const { outbox, world } = make();
  outbox.add('room:a', data('1'));
  const other = make(world.storage);
  other.world.fail = { code: 103, message: 'muted' };
  other.outbox.setOnline(true);
  await settled();
  outbox.setOnline(true);
  await settled();
  assert.deepEqual(world.sent, []);
  assert.deepEqual(
    outbox.of('room:a').map(({ state, error }) => [state, error]),
    [['failed', 'muted']],
  );
});

test('a row goes when another tab says that it is done, unless it is being sent here', async () => {
  const { outbox, world } = make();
  outbox.add('room:a', data('1'));
  outbox.removedElsewhere('chirm.outbox.ada#2');
  outbox.removedElsewhere('chirm.outbox.ada.b#1');
  assert.equal(outbox.of('room:a').length, 1);
  outbox.removedElsewhere('chirm.outbox.ada#1');
  assert.equal(outbox.of('room:a').length, 0);
  outbox.setOnline(true);
  await settled();
  assert.deepEqual(world.sent, []);
});

test('one tab after the other sends, each what is left', async () => {
  const storage = new FakeStorage();
  let last: Promise<unknown> = Promise.resolve();
  const alone = (_: string, run: () => Promise<boolean>) => {
    const mine = last.then(run);
    last = mine;
    return mine;
  };
  const first = make(storage, { alone });
  for (const id of ['1', '2', '3']) first.outbox.add('room:a', data(id));
  const second = make(storage, { alone });
  first.outbox.setOnline(true);
  second.outbox.setOnline(true);
  for (let i = 0; i < 10; ++i) await settled();
  assert.deepEqual([...first.world.sent, ...second.world.sent].sort(), ['1', '2', '3']);
});

// Another tab, or one that was killed, may have sent what lies here for longer than ids are kept.
test('the history is asked for what is old, also when this tab never tried', async () => {
  const { outbox, world } = make();
  outbox.add('room:a', data('1'));
  world.time += tenMinutes;
  world.history = [{ data: { id: '1' }, info: { user: 'ada' } }];
  outbox.setOnline(true);
  await settled();
  assert.deepEqual(world.sent, []);
  assert.equal(outbox.of('room:a').length, 0);
});

test('what nobody has tried is sent, though the history is not kept so long', async () => {
  const { outbox, world } = make(new FakeStorage(), nothingKept);
  outbox.add('room:a', data('1'));
  world.time += tenMinutes;
  outbox.setOnline(true);
  await settled();
  assert.deepEqual(world.sent, ['1']);
});

test('what has arrived is not kept, however its publish ends', async () => {
  for (const fail of [undefined, { code: 100 }, { code: 103, message: 'muted' }]) {
    const storage = new FakeStorage();
    const { outbox, world } = make(storage, {
      publish: async () => {
        outbox.arrived('room:a', '1');
        if (fail) throw fail;
      },
    });
    outbox.setOnline(true);
    outbox.add('room:a', data('1'));
    await settled();
    assert.deepEqual([outbox.of('room:a').length, storage.length], [0, 0]);
    assert.deepEqual(world.refused, []);
  }
});

test('clearing also takes what other tabs have written', () => {
  const { outbox, world } = make();
  make(world.storage).outbox.add('room:a', data('1'));
  outbox.clear();
  assert.equal(world.storage.length, 0);
});

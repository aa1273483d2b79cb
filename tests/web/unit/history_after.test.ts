// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import test from 'node:test';
import { historyAfter, type Position } from '../../../web/src/model/history_after';

// A log that has `first` to `top` left, and tells three at a time.
function logOf(first: number, top: number) {
  const asked: number[] = [];
  const read = async (since: Position) => {
    asked.push(since.offset);
    const offsets = Array.from({ length: Math.max(0, top - first + 1) }, (_, i) => first + i);
    const publications = offsets
      .filter((offset) => offset > since.offset)
      .slice(0, 3)
      .map((offset) => ({ offset, data: offset }));
    return { publications, offset: top, epoch: 'e' };
  };
  const after = async (offset: number) =>
    (await historyAfter(read, { offset, epoch: 'e' })).map((each) => each.offset);
  return { after, asked };
}

test('all that came after a position is read, page by page', async () => {
  const { after, asked } = logOf(1, 8);
  assert.deepEqual(await after(1), [2, 3, 4, 5, 6, 7, 8]);
  assert.deepEqual(asked, [1, 4, 7]);
  assert.deepEqual(await after(8), []);
});

test('what is not kept any more is missed, and that is an error', async () => {
  const isMissed = { code: 112 };
  await assert.rejects(logOf(5, 8).after(3), isMissed);
  assert.deepEqual(await logOf(5, 8).after(4), [5, 6, 7, 8]);
  await assert.rejects(logOf(9, 8).after(3), isMissed); // nothing is left
});

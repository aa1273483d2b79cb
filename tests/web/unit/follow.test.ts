// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import test from 'node:test';
import { chooseFollowed } from '../../../web/src/model/follow';

test('who was active last is followed, and what is open always', () => {
  const all = [5, 1, 9, 3, 7].map((activeAt) => ({ activeAt, isWatched: activeAt === 1 }));
  const times = (each: typeof all) => each.map(({ activeAt }) => activeAt);
  const { followed, others } = chooseFollowed(all, 3);
  assert.deepEqual(times(followed), [1, 9, 7]);
  assert.deepEqual(times(others), [5, 3]);
  assert.deepEqual(times(chooseFollowed(all, 10).others), []);
});

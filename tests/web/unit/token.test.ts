// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import test from 'node:test';
import { sessionOf } from '../../../web/src/net/token';

const tokenOf = (claims: unknown) =>
  `e30.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.sig`;

test('a token tells who it is of', () => {
  const token = tokenOf({ sub: 'Ada', role: 'admin', info: { name: 'Ada Lövelace ÿ🐦' } });
  const session = sessionOf(token);
  assert.equal(session?.user, 'Ada');
  assert.equal(session?.name, 'Ada Lövelace ÿ🐦');
  assert.equal(session?.role, 'admin');
  assert.equal(session?.token, token);
  assert.equal(session?.isExternal, true);
  assert.equal(sessionOf(tokenOf({ sub: 'bob' }))?.name, 'bob');
  assert.equal(sessionOf(tokenOf({ sub: 'bob', role: 'root' }))?.role, 'user');
});

test('what is no token is none', () => {
  const wrong = ['', 'a', 'a.b', 'a.b.c', '..', tokenOf(null), tokenOf({}), tokenOf({ sub: 5 })];
  for (const token of [...wrong, tokenOf({ sub: '' })]) {
    assert.equal(sessionOf(token), undefined, token);
  }
});

// SPDX-License-Identifier: MIT
// Codes, and names as people type them.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { codeOf, errors, messageOf, unsubscribes } from '../../../web/src/model/codes';
import { fit } from '../../../web/src/model/fit';
import { roomNameFor } from '../../../web/src/model/route';
import { askByName, typedName } from '../../../web/src/model/user_name';

// Of the server: protocol/codes.h, which the chat's own codes (from 404 on) are not in.
test('codes have the names and numbers that the server has', () => {
  const header = readFileSync(join(process.env.CHIRM_SOURCE!, 'protocol/codes.h'), 'utf8');
  const numberOf = (name: string) => {
    const constant = `k${name[0]!.toUpperCase()}${name.slice(1)}`;
    return Number(new RegExp(`(?:ErrorCode|Unsubscribe) ${constant}\\{(\\d+)`).exec(header)?.[1]);
  };
  for (const [name, code] of Object.entries(errors)) {
    if (code < 404) assert.equal(numberOf(name), code, name);
  }
  assert.equal(numberOf('server'), unsubscribes.server);
});

test('an error is told in words for people', () => {
  assert.equal(messageOf({ code: 11, message: 'connection closed' }), messageOf({ code: 2 }));
  assert.equal(messageOf({ code: 100 }), 'The server is away for a moment. Try again.');
  assert.equal(messageOf({ code: 103, message: 'you are muted' }), 'You are muted');
  assert.equal(messageOf(new Error('not the same')), 'Not the same');
  for (const nothing of [undefined, null, {}, 'text']) {
    assert.equal(messageOf(nothing), 'That did not work.');
  }
  assert.equal(codeOf({ code: 103 }), 103);
  for (const other of [{ code: 'busy' }, {}, null]) assert.equal(codeOf(other), undefined);
});

test('a name is asked for as it was typed, and then in lower case', async () => {
  const asked: string[] = [];
  const known = (name: string) => (user: string) => {
    asked.push(user);
    return user === name ? Promise.resolve(user) : Promise.reject({ code: 404 });
  };
  assert.equal(await askByName('Ada.L', known('Ada.L')), 'Ada.L');
  assert.equal(await askByName('Ada', known('ada')), 'ada');
  assert.deepEqual(asked.splice(0), ['Ada.L', 'Ada', 'ada']);
  await assert.rejects(askByName('bob', known('ada')), { code: 404 });
  assert.deepEqual(asked.splice(0), ['bob']);
  const refuse = () => Promise.reject({ code: 103 });
  await assert.rejects(askByName('Bob', refuse), { code: 103 });
  assert.equal(typedName('  @Ada '), 'Ada');
});

test('a title makes a name that can stand in an address', () => {
  assert.equal(roomNameFor(' Release  planning '), 'release-planning');
  assert.equal(roomNameFor('Café & Bar'), 'cafe-bar');
  assert.equal(roomNameFor('…v2.0_x'), 'v2.0_x');
  assert.equal(roomNameFor('鳥'), '');
  assert.equal(roomNameFor('a'.repeat(100)).length, 64);
});

test('a name fits better at its beginning than inside, and in order at least', () => {
  const names = ['lobby', 'the lobby', 'globbing', 'la boiby', 'attic'];
  const fits = names.map((name) => fit('lob', name));
  assert.deepEqual(fits, [4, 3, 2, 1, 0]);
});

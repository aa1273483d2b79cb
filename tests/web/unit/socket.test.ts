// SPDX-License-Identifier: MIT
// What the page needs of the SDK, and what it does when the browser's session is somebody else's.
import assert from 'node:assert/strict';
import test from 'node:test';
import type { Session } from '../../../web/src/model/protocol';
import { rememberKey } from '../../../web/src/net/auth';
import { openSocket, type SocketHooks } from '../../../web/src/net/socket';

const sessionOf = (user: string, token = `token of ${user}`): Session => ({
  user,
  name: user,
  role: 'user',
  token,
  expires_in: 600,
});

// A browser: a server that answers connect as `answer` says, and gives `session` for its cookie.
function makeWorld(answer: (token: string) => object | undefined, session?: Session) {
  const connects: string[] = [];
  class FakeWebSocket {
    static OPEN = 1;
    readyState = 1;
    onopen?: () => void;
    onmessage?: (event: { data: string }) => void;
    onclose?: (event: { code: number; reason: string }) => void;
    constructor() {
      setImmediate(() => this.onopen?.());
    }
    send(text: string) {
      const { id, connect } = JSON.parse(text);
      connects.push(connect.token);
      const reply = answer(connect.token);
      setImmediate(() => {
        if (reply) this.onmessage?.({ data: JSON.stringify({ id, ...reply }) });
        else this.onclose?.({ code: 1006, reason: '' });
      });
    }
    close() {
      setImmediate(() => this.onclose?.({ code: 1000, reason: '' }));
    }
  }
  const stored = new Map<string, string>();
  Object.assign(globalThis, {
    WebSocket: FakeWebSocket,
    location: { protocol: 'http:', host: 'here' },
    localStorage: { setItem: (key: string, value: string) => stored.set(key, value) },
    fetch: async () =>
      session
        ? Response.json(session)
        : Response.json({ error: { code: 'unauthorized', message: 'no' } }, { status: 401 }),
  });
  return { connects, stored };
}

const inTime = { timeout: 120_000 };

const connected = { connect: { client: 'c', version: 'v', ping: 25, pong: true } };
const expired = { error: { code: 109, message: 'token expired' } };

// What was told until the connection stood or had ended.
function run(session: Session, until: (event: string) => boolean): Promise<string[]> {
  return new Promise((resolve) => {
    const told: string[] = [];
    const tell = (event: string) => {
      told.push(event);
      if (!until(event)) return;
      setImmediate(() => {
        client.disconnect();
        resolve(told);
      });
    };
    const hooks: SocketHooks = {
      renewed: ({ user }) => tell(`renewed ${user}`),
      replaced: ({ user }) => tell(`replaced by ${user}`),
      connecting: () => undefined,
      retryAt: (time) => tell(`retry ${time - Date.now() <= 10_000 ? 'soon' : 'late'}`),
      connected: () => tell('connected'),
      ended: (code, reason) => code !== 0 && tell(`ended: ${reason}`),
    };
    const client = openSocket(session, hooks);
    client.connect();
  });
}

test('an expired token is renewed by the cookie', inTime, async () => {
  const { connects, stored } = makeWorld(
    (token) => (token === 'new' ? connected : expired),
    sessionOf('ada', 'new'),
  );
  const told = await run(sessionOf('ada'), (event) => event === 'connected');
  assert.deepEqual(told.filter((each) => !each.startsWith('retry')), ['renewed ada', 'connected']);
  assert.deepEqual(connects, ['token of ada', 'new']);
  assert.equal(stored.get(rememberKey), 'ada');
});

test('a cookie of somebody else ends it, and nothing is said in their name', inTime, async () => {
  const { connects } = makeWorld(() => expired, sessionOf('bob'));
  const told = await run(sessionOf('ada'), (event) => event.startsWith('ended'));
  assert.ok(told.includes('replaced by bob'));
  assert.deepEqual(connects, ['token of ada']);
});

test('a session that is over ends it', inTime, async () => {
  const { connects } = makeWorld(() => expired);
  const told = await run(sessionOf('ada'), (event) => event.startsWith('ended'));
  assert.ok(!told.some((each) => each.startsWith('re') && !each.startsWith('retry')), `${told}`);
  assert.equal(connects.length, 1);
});

// The SDK keeps the time of its next attempt to itself; socket.ts looks into it.
test('the time of the next attempt is told', inTime, async () => {
  makeWorld(() => undefined);
  const told = await run(sessionOf('ada'), (event) => event.startsWith('retry'));
  assert.deepEqual(told, ['retry soon']);
});

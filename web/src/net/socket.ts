// SPDX-License-Identifier: MIT
// The connection: the centrifuge SDK with our session's tokens, and what state it is in.
import { Centrifuge, UnauthorizedError } from 'centrifuge';
import { httpStatus } from '../model/codes';
import type { Session } from '../model/protocol';
import { auth, AuthError } from './auth';

export interface SocketHooks {
  renewed?(session: Session): void; // there is a newer token
  replaced?(session: Session): void; // somebody else has signed in in this browser; it ends
  connecting(reason: string, code: number): void;
  retryAt(time: number): void; // Unix milliseconds
  connected(): void;
  ended(code: number, reason: string): void; // no attempt follows
}

export const socketUrl = (location: Location): string =>
  `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/connection/websocket`;

// The server has looked at the cookie and said no. A server that is busy or away has not.
function isRefusal(error: unknown): error is AuthError {
  const { badRequest, unauthorized, forbidden } = httpStatus;
  const refusals: number[] = [badRequest, unauthorized, forbidden];
  return error instanceof AuthError && refusals.includes(error.status);
}

// Names the time of the next attempt, which the SDK keeps to itself.
function tellDelays(client: Centrifuge, hooks: SocketHooks): void {
  const inside = client as unknown as { _getReconnectDelay?: () => number };
  const original = inside._getReconnectDelay;
  if (typeof original !== 'function') return;
  inside._getReconnectDelay = function (this: unknown) {
    const delay = original.call(this);
    hooks.retryAt(Date.now() + delay);
    return delay;
  };
}

// Passes on when the server took a publication, which the SDK reads over.
function tellTimes(client: Centrifuge): void {
  type Context = (channel: string, publication: { time?: unknown }) => { time?: unknown };
  const inside = client as unknown as { _getPublicationContext?: Context };
  const original = inside._getPublicationContext;
  if (typeof original !== 'function') return;
  inside._getPublicationContext = function (this: unknown, channel, publication) {
    const context = original.call(this, channel, publication);
    context.time = publication.time;
    return context;
  };
}

export function openSocket(session: Session, hooks: SocketHooks): Centrifuge {
  const client = new Centrifuge(socketUrl(location), {
    token: session.token,
    minReconnectDelay: 300,
    maxReconnectDelay: 10_000,
    name: 'web',
    getToken: async () => {
      // Only the other system can make the next one.
      if (session.isExternal) throw new UnauthorizedError('your token has expired');
      const fresh = await auth.refresh().catch((error) => {
        // The SDK gives up after an UnauthorizedError; after any other it tries again.
        throw isRefusal(error) ? new UnauthorizedError(error.message) : error;
      });
      if (fresh.user !== session.user) {
        hooks.replaced?.(fresh);
        throw new UnauthorizedError(`${fresh.name} has signed in`);
      }
      hooks.renewed?.(fresh);
      return fresh.token;
    },
  });
  tellDelays(client, hooks);
  tellTimes(client);
  client.on('connecting', ({ code, reason }) => hooks.connecting(reason, code));
  client.on('connected', () => hooks.connected());
  client.on('disconnected', ({ code, reason }) => hooks.ended(code, reason));
  client.on('error', () => undefined); // told by connecting and ended
  return client;
}

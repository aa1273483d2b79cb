// SPDX-License-Identifier: MIT
// Signing in over HTTP. The refresh token stays in a cookie that no script can read.
import { httpStatus } from '../model/codes';
import type { AuthSettings, Session } from '../model/protocol';

export class AuthError extends Error {
  constructor(
    readonly status: number, // of HTTP, see httpStatus
    readonly code: string, // the server's word, e.g. name_taken
    message: string,
    readonly retryAfter = 0, // seconds
  ) {
    super(message);
  }
}

async function request(path: string, body?: object): Promise<unknown> {
  let response: Response;
  try {
    response = await fetch(path, {
      method: body ? 'POST' : 'GET',
      headers: body ? { 'Content-Type': 'application/json' } : {},
      ...(body ? { body: JSON.stringify(body) } : {}),
      credentials: 'same-origin',
      cache: 'no-store',
    });
  } catch {
    const message = 'The server cannot be reached. Is your network up?';
    throw new AuthError(httpStatus.unreachable, 'unreachable', message);
  }
  const answer = (await response.json().catch(() => ({}))) as {
    error?: { code?: string; message?: string };
  };
  if (response.ok) return answer;
  const { code = '', message = '' } = answer.error ?? {};
  const retryAfter = Number(response.headers.get('Retry-After')) || 0;
  throw new AuthError(response.status, code, sentence(response.status, code, message), retryAfter);
}

function sentence(status: number, code: string, message: string): string {
  if (code === 'unauthorized') return 'That name and password do not belong together.';
  if (code === 'name_taken') return 'Somebody has this name already. Choose another one.';
  if (code === 'busy') return 'The server is busy. Try again in a moment.';
  if (message === '') return `The server answered ${status}.`;
  return message[0]!.toUpperCase() + message.slice(1) + (/[.!?]$/.test(message) ? '' : '.');
}

const withCookie = { cookie: true };

// Whose session is in the cookie. All tabs share that cookie and no script can read it; by this key
// of the storage they hear when it changes.
export const rememberKey = 'chirm.signedIn';

export const remembered = (): string | null => localStorage.getItem(rememberKey);

export const forget = (): void => localStorage.removeItem(rememberKey);

async function session(path: string, body: object): Promise<Session> {
  const made = (await request(path, { ...body, ...withCookie })) as Session;
  localStorage.setItem(rememberKey, made.user);
  return made;
}

export const auth = {
  settings: () => request('/auth/settings') as Promise<AuthSettings>,
  login: (name: string, password: string) => session('/auth/login', { name, password }),
  register: (name: string, password: string) => session('/auth/register', { name, password }),
  guest: (name: string) => session('/auth/guest', name === '' ? {} : { name }),
  refresh: () => session('/auth/refresh', {}),
  logout: (all: boolean) => request('/auth/logout', { ...withCookie, ...(all ? { all } : {}) }),
  password: (name: string, password: string, newPassword: string) =>
    session('/auth/password', { name, password, new_password: newPassword }),
};

// SPDX-License-Identifier: MIT
// A token of the operator's own system, brought in the address: `/#token=…`. It is taken out of the
// address at once and kept in memory only. Whether it is valid is for the server to say.
import type { Session } from '../model/protocol';

// What the page has to know before the server has said anything. Undefined when it is no token.
export function sessionOf(token: string): Session | undefined {
  try {
    const base64 = token.split('.')[1]!.replace(/-/g, '+').replace(/_/g, '/');
    const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
    const claims = JSON.parse(new TextDecoder().decode(bytes));
    if (typeof claims.sub !== 'string' || claims.sub === '') return undefined;
    const name: unknown = claims.info?.name;
    return {
      user: claims.sub,
      name: typeof name === 'string' && name !== '' ? name : claims.sub,
      role: claims.role === 'admin' ? 'admin' : 'user',
      token,
      expires_in: 0,
      isExternal: true,
    };
  } catch {
    return undefined;
  }
}

// A link may be of somebody else's making: it is not to change who one is.
// `here`: who is signed in, null: nobody.
export const takesNobodysPlace = (brought: Session, here: string | null): boolean =>
  here === null || here === brought.user;

export function takeToken(): Session | undefined {
  const match = /^#token=([^&]+)/.exec(location.hash);
  if (!match) return undefined;
  history.replaceState(null, '', `${location.pathname}${location.search}#/`);
  return sessionOf(match[1]!);
}

// SPDX-License-Identifier: MIT
// Calls of the server's methods, for whoever is signed in.
import { askByName } from '../model/user_name';
import { chat } from './open_chat';
import { attempt } from './toasts';

// Rejects when it fails: for dialogs, which show why themselves.
export const call = <T = Record<string, never>>(method: string, data: object): Promise<T> =>
  chat.peek()!.rpc<T>(method, data);

// Tells in passing when it fails; nothing is returned then.
export const rpc = <T = Record<string, never>>(method: string, data: object) =>
  attempt(() => call<T>(method, data));

// A call about a person whose name somebody has typed.
export const callNaming = <T = Record<string, never>>(
  method: string,
  data: { user: string; room?: string },
): Promise<T> => askByName(data.user, (user) => call<T>(method, { ...data, user }));

// SPDX-License-Identifier: MIT
// What the sign-in form shows: which ways in the server offers, and why one is asked to sign in.
import { signal } from '@preact/signals';
import { messageOf } from '../model/codes';
import type { AuthSettings } from '../model/protocol';
import { auth } from '../net/auth';

export const settings = signal<AuthSettings | undefined>(undefined);
export const serverError = signal(''); // the server could not be asked for them, or for a session
export const signInMessage = signal('');

export async function loadSettings(): Promise<void> {
  try {
    settings.value = await auth.settings();
    serverError.value = '';
  } catch (error) {
    serverError.value = messageOf(error);
  }
}

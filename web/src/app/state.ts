// SPDX-License-Identifier: MIT
// What the whole page shares: who is signed in, what is open, what pops up.
import { computed, effect, signal, untracked } from '@preact/signals';
import type { AuthSettings, Session } from '../model/protocol';
import { channelOf, hashOf, parseRoute, routeOf, type Route } from '../model/route';
import { titleOf } from '../model/unread';
import { auth, AuthError } from '../net/auth';
import { messageOf } from '../net/socket';
import { takeToken } from '../net/token';
import { Chat } from './chat';
import type { Conversation } from './conversation';
import { notify } from './attention';

export type Dialog =
  | { kind: 'switcher' | 'browse' | 'create' | 'newDm' | 'account' | 'shortcuts' }
  | { kind: 'invite' | 'edit'; room: string }
  | { kind: 'sanction'; room: string; user: string; name: string; act: 'ban' | 'mute' | 'kick' }
  | { kind: 'confirm'; title: string; text: string; action: string; run: () => unknown };

export interface Toast {
  id: number;
  text: string;
  kind: 'info' | 'error' | 'notice';
}

export type Panel = 'none' | 'members' | 'search';

export const phase = signal<'starting' | 'signedOut' | 'signedIn'>('starting');
export const settings = signal<AuthSettings | undefined>(undefined);
export const settingsError = signal('');
export const signInMessage = signal('');
export const chat = signal<Chat | undefined>(undefined);
export const route = signal<Route>(parseRoute(location.hash));
export const dialog = signal<Dialog | undefined>(undefined);
export const toasts = signal<Toast[]>([]);
export const panel = signal<Panel>('none');
export const isDrawerOpen = signal(false);
// For screen readers: an element of its own for each, so that the same words are said again.
export const announcement = signal({ text: '', id: 0 });

export const current = computed<Conversation | undefined>(() => {
  const open = chat.value;
  const channel = open && channelOf(route.value, open.me);
  return channel === undefined ? undefined : open!.conversations.value.get(channel);
});

// Before anything of it is rendered.
effect(() => {
  const opened = current.value;
  untracked(() => opened?.open());
});

// --- Signing in and out

const rememberKey = 'chirm.signedIn';

export function signedIn(session: Session): void {
  if (!session.isExternal) localStorage.setItem(rememberKey, session.user);
  signInMessage.value = '';
  chat.value?.end();
  const made = new Chat(session, {
    signedOut: (reason) => void ended(reason),
    heard: (conversation, publication) => notify(conversation, publication),
    removed: (title, reason) => toast(`You are no longer in ${title}${because(reason)}`),
    notice: (text) => toast(text, 'notice'),
    session: () => undefined,
  });
  chat.value = made;
  made.watch(() => {
    const unread = [...made.conversations.value.values()].map((each) => ({
      ...each.unread.value,
      isDm: each.info.value.kind === 'dm',
    }));
    document.title = titleOf('chirm', unread);
  });
  phase.value = 'signedIn';
}

const because = (reason: string) => (reason ? `: ${reason}` : '');

// The server ended the connection for good. A session may have outlived it: a token of its own
// kind.
async function ended(reason: string): Promise<void> {
  if (chat.peek()?.session.peek().isExternal) {
    const why = reason ? ` (${reason})` : '';
    return showSignIn(`You were signed out${why}. Open the chat again from where you came.`);
  }
  try {
    signedIn(await auth.refresh());
  } catch (error) {
    const isAnswer = error instanceof AuthError && error.status !== 0;
    const isTold = isAnswer && error.status === 403;
    showSignIn(isTold ? error.message : `You were signed out${because(reason)}.`);
  }
}

export function showSignIn(message = ''): void {
  chat.value?.end();
  chat.value = undefined;
  dialog.value = undefined;
  panel.value = 'none';
  isDrawerOpen.value = false;
  document.title = 'chirm';
  signInMessage.value = message;
  phase.value = 'signedOut';
  void loadSettings();
}

export async function signOut(all = false): Promise<void> {
  const isExternal = chat.value?.session.peek().isExternal;
  chat.value?.outbox.clear();
  chat.value?.end();
  if (!isExternal) {
    localStorage.removeItem(rememberKey);
    await auth.logout(all).catch(() => undefined);
  }
  location.hash = '#/';
  showSignIn();
}

export async function loadSettings(): Promise<void> {
  try {
    settings.value = await auth.settings();
    settingsError.value = '';
  } catch (error) {
    settingsError.value = messageOf(error);
  }
}

export async function start(): Promise<void> {
  const brought = takeToken();
  if (brought) return signedIn(brought);
  if (localStorage.getItem(rememberKey) === null) return showSignIn();
  for (let wait = 500; ; wait = Math.min(wait * 2, 8000)) {
    try {
      return signedIn(await auth.refresh());
    } catch (error) {
      if (error instanceof AuthError && error.status >= 400 && error.status < 429) {
        localStorage.removeItem(rememberKey);
        return showSignIn();
      }
      settingsError.value = messageOf(error);
      await new Promise((resolve) => setTimeout(resolve, wait));
    }
  }
}

// --- Where one is

export function go(next: Route): void {
  isDrawerOpen.value = false;
  dialog.value = undefined;
  const hash = hashOf(next);
  if (location.hash === hash) route.value = { ...next };
  else location.hash = hash;
}

export function goTo(channel: string, at?: number): void {
  const me = chat.peek()?.me ?? '';
  const next = routeOf(channel, me);
  go(next.kind === 'none' || at === undefined ? next : { ...next, at });
}

addEventListener('hashchange', () => {
  const brought = takeToken();
  if (brought) signedIn(brought);
  route.value = parseRoute(location.hash);
});

// --- What pops up

let toastId = 0;

export function toast(text: string, kind: Toast['kind'] = 'info'): void {
  const id = ++toastId;
  toasts.value = [...toasts.peek().slice(-3), { id, text, kind }];
  if (kind !== 'notice') setTimeout(() => dismiss(id), kind === 'error' ? 7000 : 4500);
}

export function dismiss(id: number): void {
  toasts.value = toasts.peek().filter((each) => each.id !== id);
}

// Runs what may fail, and says so.
export async function attempt<T>(run: () => Promise<T>): Promise<T | undefined> {
  try {
    return await run();
  } catch (error) {
    toast(messageOf(error), 'error');
    return undefined;
  }
}

// --- Theme

export type Theme = 'system' | 'light' | 'dark';
const themeKey = 'chirm.theme';
const stored = localStorage.getItem(themeKey);
export const theme = signal<Theme>(stored === 'light' || stored === 'dark' ? stored : 'system');

effect(() => {
  if (theme.value === 'system') {
    delete document.documentElement.dataset.theme;
    localStorage.removeItem(themeKey);
  } else {
    document.documentElement.dataset.theme = theme.value;
    localStorage.setItem(themeKey, theme.value);
  }
});

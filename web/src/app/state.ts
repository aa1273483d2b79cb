// SPDX-License-Identifier: MIT
// What the whole page shares: who is signed in, what is open, what pops up.
import { computed, effect, signal, untracked } from '@preact/signals';
import type { AuthSettings, Session } from '../model/protocol';
import { channelOf, hashOf, parseRoute, routeOf, type Route } from '../model/route';
import { titleOf } from '../model/unread';
import { auth, AuthError, forget, remembered, rememberKey } from '../net/auth';
import { messageOf } from '../net/socket';
import { takeToken } from '../net/token';
import { Chat } from './chat';
import type { Conversation } from './conversation';
import { isFocused, notify } from './attention';

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

export function signedIn(session: Session): void {
  signInMessage.value = '';
  chat.value?.end();
  const made = new Chat(session, {
    signedOut: (reason) => void ended(reason),
    heard: (conversation, publication) => notify(conversation, publication),
    removed: (title, reason) => toast(`You are no longer in ${title}${because(reason)}`),
    notice: (text) => toast(text, 'notice'),
    notSent: (channel, title, why) => {
      if (current.peek()?.channel === channel && isFocused.peek()) return; // it is in sight
      toast(`Not sent to ${title}${because(why)}`, 'error', true);
    },
    replaced: (fresh) => replaced(fresh),
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
// kind. Not more than once in a while, for the server may end it each time.
async function ended(reason: string): Promise<void> {
  if (await leaving) return;
  if (chat.peek()?.session.peek().isExternal) {
    const why = reason ? ` (${reason})` : '';
    return showSignIn(`You were signed out${why}. Open the chat again from where you came.`);
  }
  const why = `You were signed out${because(reason)}.`;
  if (performance.now() - cameBackAt < comeBackEachMs) return showSignIn(why);
  cameBackAt = performance.now();
  try {
    signedIn(await renew());
  } catch (error) {
    showSignIn(error instanceof AuthError && error.status === 403 ? error.message : why);
  }
}

const comeBackEachMs = 30_000;
let cameBackAt = -comeBackEachMs;

// A session by the cookie. Waits for a server that is away; rejects when it says no.
async function renew(): Promise<Session> {
  for (let wait = 500; ; wait = Math.min(wait * 2, 8000)) {
    try {
      const session = await auth.refresh();
      settingsError.value = '';
      return session;
    } catch (error) {
      const { status = 0, retryAfter = 0 } = error instanceof AuthError ? error : {};
      if (status >= 400 && status < 429) throw error;
      settingsError.value = messageOf(error);
      phase.value = 'starting';
      await new Promise((resolve) => setTimeout(resolve, Math.max(wait, retryAfter * 1000)));
    }
  }
}

// Somebody else has signed in in another tab: the cookie is theirs, and so is this tab now.
function replaced(session: Session): void {
  location.hash = '#/';
  signedIn(session);
  toast(`You are ${session.name} now: somebody signed in in another tab.`, 'info', true);
}

addEventListener('storage', ({ key, newValue }) => {
  const open = chat.peek();
  if (!open || key === null) return;
  if (key === rememberKey) void checkUser(open);
  else if (newValue === null) open.outbox.removedElsewhere(key);
});

async function checkUser(open: Chat): Promise<void> {
  const user = remembered();
  if (user === null || user === open.me || open.session.peek().isExternal) return;
  const session = await auth.refresh().catch(() => undefined); // its next token will tell
  if (session && session.user !== open.me && chat.peek() === open) replaced(session);
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

let leaving: Promise<boolean> | undefined;

// False when it failed, which is told: one stays signed in then.
export function signOut(all = false): Promise<boolean> {
  leaving ??= leave(all).finally(() => (leaving = undefined));
  return leaving;
}

async function leave(all: boolean): Promise<boolean> {
  const open = chat.peek();
  if (!open) return false;
  let message = '';
  let isEverywhere = all;
  if (!open.session.peek().isExternal) {
    await checkUser(open); // or the log-out would be somebody else's
    if (chat.peek() !== open) return false;
    try {
      await auth.logout(all);
    } catch (error) {
      if (!(error instanceof AuthError && error.status === 401)) {
        toast(messageOf(error), 'error');
        return false;
      }
      if (all) message = 'You were signed out here already. Sign in to end your other sessions.';
      isEverywhere = false;
    }
    forget();
  }
  open.outbox.clear();
  location.hash = '#/';
  showSignIn(message);
  if (isEverywhere) toast('Signed out everywhere.');
  return true;
}

export async function loadSettings(): Promise<void> {
  try {
    settings.value = await auth.settings();
    settingsError.value = '';
  } catch (error) {
    settingsError.value = messageOf(error);
  }
}

// By a token in the address. A link may be of somebody else's making: it takes nobody's place.
function comeByLink(): boolean {
  const brought = takeToken();
  if (!brought) return false;
  const here = chat.peek()?.me ?? remembered();
  if (here === null || here === brought.user) {
    signedIn(brought);
    return true;
  }
  toast(`You are ${here} here. Sign out first to come in as ${brought.user}.`, 'error');
  return false;
}

export async function start(): Promise<void> {
  if (comeByLink()) return;
  if (remembered() === null) return showSignIn();
  try {
    signedIn(await renew());
  } catch {
    forget();
    showSignIn();
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
  comeByLink();
  route.value = parseRoute(location.hash);
});

// --- What pops up

let toastId = 0;

// `stays`: until it is dismissed, as notices do.
export function toast(text: string, kind: Toast['kind'] = 'info', stays = kind === 'notice'): void {
  const id = ++toastId;
  toasts.value = [...toasts.peek().slice(-3), { id, text, kind }];
  if (!stays) setTimeout(() => dismiss(id), kind === 'error' ? 7000 : 4500);
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

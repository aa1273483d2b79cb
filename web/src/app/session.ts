// SPDX-License-Identifier: MIT
// Who is signed in, and how that begins and ends. A browser has one session, in a cookie that all
// its tabs share; a token that came in the address is this tab's alone.
import { signal } from '@preact/signals';
import { httpStatus, messageOf } from '../model/codes';
import type { Session } from '../model/protocol';
import { titleOf } from '../model/unread';
import { auth, AuthError, forget, remembered, rememberKey } from '../net/auth';
import { takesNobodysPlace, takeToken } from '../net/token';
import { announce } from './announcements';
import { isFocused } from './attention';
import { Chat } from './chat';
import { current, goNowhere, readAddress } from './navigation';
import { chat } from './open_chat';
import { panel, uncover } from './overlays';
import { loadSettings, serverError, signInMessage } from './sign_in_state';
import { toast } from './toasts';

export const phase = signal<'starting' | 'signedOut' | 'signedIn'>('starting');

const firstWaitMs = 500; // before the server is asked again, doubled each time
const waitMaxMs = 8000;
const comeBackEachMs = 30_000;

export async function startSession(): Promise<void> {
  addEventListener('hashchange', () => {
    comeByLink(); // before the address is read: it takes the token out
    readAddress();
  });
  addEventListener('storage', onStorage);
  if (comeByLink()) return;
  if (remembered() === null) return showSignIn();
  try {
    signedIn(await renew());
  } catch {
    forget();
    showSignIn();
  }
}

// By a token in the address.
function comeByLink(): boolean {
  const brought = takeToken();
  if (!brought) return false;
  const here = chat.peek()?.me ?? remembered();
  if (takesNobodysPlace(brought, here)) {
    signedIn(brought);
    return true;
  }
  toast(`You are ${here} here. Sign out first to come in as ${brought.user}.`, 'error');
  return false;
}

// A session by the cookie. Waits for a server that is away; rejects when it says no.
async function renew(): Promise<Session> {
  for (let waitMs = firstWaitMs; ; waitMs = Math.min(waitMs * 2, waitMaxMs)) {
    try {
      const session = await auth.refresh();
      serverError.value = '';
      return session;
    } catch (error) {
      const { status = httpStatus.unreachable, retryAfter = 0 } =
        error instanceof AuthError ? error : {};
      // Being asked too often is not a no.
      if (status >= httpStatus.badRequest && status < httpStatus.tooManyRequests) throw error;
      serverError.value = messageOf(error);
      phase.value = 'starting';
      await new Promise((resolve) => setTimeout(resolve, Math.max(waitMs, retryAfter * 1000)));
    }
  }
}

// --- While one is signed in

export function signedIn(session: Session): void {
  signInMessage.value = '';
  chat.value?.end();
  const made = new Chat(session, {
    signedOut: (reason) => void comeBack(reason),
    // The open conversation shows it; a screen reader has to be told.
    heard: (conversation, publication) => {
      if (conversation === current.peek()) announce(publication);
    },
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

let cameBackAt = -comeBackEachMs;

// The server ended the connection for good. The session may have outlived it, for the token that
// opened the connection is one of its own. Not more than once in a while: a server that ends each
// connection would be asked for ever.
async function comeBack(reason: string): Promise<void> {
  if (await leaving) return; // it is we who end it
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
    const isForbidden = error instanceof AuthError && error.status === httpStatus.forbidden;
    showSignIn(isForbidden ? error.message : why); // a ban, in the server's words
  }
}

// Somebody else has signed in in another tab: the cookie is theirs, and so is this tab now.
function replaced(session: Session): void {
  goNowhere();
  signedIn(session);
  toast(`You are ${session.name} now: somebody signed in in another tab.`, 'info', true);
}

// Another tab has changed what all of them keep.
function onStorage({ key, newValue }: StorageEvent): void {
  const open = chat.peek();
  if (!open || key === null) return;
  if (key === rememberKey) void checkUser(open);
  else if (newValue === null) open.outbox.removedElsewhere(key);
}

async function checkUser(open: Chat): Promise<void> {
  const user = remembered();
  if (user === null || user === open.me || open.session.peek().isExternal) return;
  const session = await auth.refresh().catch(() => undefined); // its next token will tell
  if (session && session.user !== open.me && chat.peek() === open) replaced(session);
}

// --- Signing out

function showSignIn(message = ''): void {
  chat.value?.end();
  chat.value = undefined;
  uncover();
  panel.value = 'none';
  document.title = 'chirm';
  signInMessage.value = message;
  phase.value = 'signedOut';
  void loadSettings();
}

let leaving: Promise<boolean> | undefined;

// False when it failed: then a toast says why, and one stays signed in.
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
      if (!(error instanceof AuthError && error.status === httpStatus.unauthorized)) {
        toast(messageOf(error), 'error');
        return false;
      }
      if (all) message = 'You were signed out here already. Sign in to end your other sessions.';
      isEverywhere = false;
    }
    forget();
  }
  open.outbox.clear();
  goNowhere();
  showSignIn(message);
  if (isEverywhere) toast('Signed out everywhere.');
  return true;
}

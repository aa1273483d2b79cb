// SPDX-License-Identifier: MIT
// Where one is: the address, and the conversation that it names.
import { computed, effect, signal, untracked } from '@preact/signals';
import { channelOf, hashOf, parseRoute, routeOf, type Route } from '../model/route';
import type { Conversation } from './conversation';
import { chat } from './open_chat';
import { uncover } from './overlays';

export const route = signal<Route>({ kind: 'none' });

export const current = computed<Conversation | undefined>(() => {
  const open = chat.value;
  const channel = open && channelOf(route.value, open.me);
  return channel === undefined ? undefined : open!.conversations.value.get(channel);
});

export function readAddress(): void {
  route.value = parseRoute(location.hash);
}

// Before anything is rendered: a conversation is opened before its components read it.
export function startNavigation(): void {
  readAddress();
  effect(() => {
    const opened = current.value;
    untracked(() => opened?.open());
  });
}

export function go(next: Route): void {
  uncover();
  const hash = hashOf(next);
  // The same address makes no event, but leads to the message in it once more.
  if (location.hash === hash) route.value = { ...next };
  else location.hash = hash;
}

export function goTo(channel: string, at?: number): void {
  const me = chat.peek()?.me ?? '';
  const next = routeOf(channel, me);
  go(next.kind === 'none' || at === undefined ? next : { ...next, at });
}

export function goNowhere(): void {
  location.hash = hashOf({ kind: 'none' });
}

// Changes the address without an entry in the browser's history.
export function amendAddress(hash: string): void {
  history.replaceState(null, '', hash);
}

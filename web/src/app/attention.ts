// SPDX-License-Identifier: MIT
// Whether somebody looks at the page, and what to do when nobody does: read marks wait, one is away
// after a while, and new messages are told.
import { effect, signal } from '@preact/signals';
import type { MessageData, Publication } from '../model/protocol';
import type { Conversation } from './conversation';
import { announcement, chat, current } from './state';

const awayAfterMs = 5 * 60_000;

export const isFocused = signal(document.visibilityState === 'visible' && document.hasFocus());

const look = () => {
  isFocused.value = document.visibilityState === 'visible' && document.hasFocus();
};
for (const event of ['focus', 'blur', 'pageshow']) addEventListener(event, look);
document.addEventListener('visibilitychange', look);

addEventListener('pagehide', () => chat.peek()?.sendReads());

// A message came in. The open conversation shows it by itself; who cannot see it hears it.
export function notify(conversation: Conversation, publication: Publication): void {
  if (conversation !== current.peek()) return;
  const data = publication.data as MessageData;
  const info = publication.info;
  const name = (info?.connInfo as { name?: string } | undefined)?.name ?? info?.user ?? '';
  const { id } = announcement.peek();
  announcement.value = { text: `${name}: ${data.text.slice(0, 300)}`, id: id + 1 };
}

// --- Away

let isAway = false;
let timer: ReturnType<typeof setTimeout> | undefined;

function tell(away: boolean): void {
  if (isAway === away) return;
  isAway = away;
  const status = away ? 'away' : 'online';
  chat.peek()?.client.rpc('chat.status', { status }).catch(() => undefined);
}

let activeAt = 0;
function active(): void {
  const now = Date.now();
  if (!isAway && now - activeAt < 5000) return;
  activeAt = now;
  clearTimeout(timer);
  timer = setTimeout(() => tell(true), awayAfterMs);
  tell(false);
}

export function watchActivity(): void {
  for (const event of ['pointermove', 'pointerdown', 'keydown', 'wheel', 'touchstart', 'focus']) {
    addEventListener(event, active, { passive: true });
  }
  // A new connection begins online.
  effect(() => {
    if (chat.value?.link.value.state === 'online' && isAway) {
      chat.value.client.rpc('chat.status', { status: 'away' }).catch(() => undefined);
    }
  });
  active();
}

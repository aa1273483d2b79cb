// SPDX-License-Identifier: MIT
// Whether somebody looks at the page, and what to do when nobody does: read marks wait, and one is
// away after a while.
import { effect, signal } from '@preact/signals';
import type { Status } from '../model/protocol';
import { chat } from './open_chat';

const awayAfterMs = 5 * 60_000;
const noteEachMs = 5000; // moving a pointer makes many events

export const isFocused = signal(false);

export function startAttention(): void {
  look();
  for (const event of ['focus', 'blur', 'pageshow']) addEventListener(event, look);
  document.addEventListener('visibilitychange', look);
  // After this no timer of the page runs any more.
  addEventListener('pagehide', () => chat.peek()?.sendReads());
  watchActivity();
}

function look(): void {
  isFocused.value = document.visibilityState === 'visible' && document.hasFocus();
}

// --- Away

let isAway = false;
let timer: ReturnType<typeof setTimeout> | undefined;
let activeAt = 0;

function watchActivity(): void {
  for (const event of ['pointermove', 'pointerdown', 'keydown', 'wheel', 'touchstart', 'focus']) {
    addEventListener(event, noteActivity, { passive: true });
  }
  // A new connection begins online.
  effect(() => {
    if (chat.value?.link.value.state === 'online' && isAway) tell('away');
  });
  noteActivity();
}

function noteActivity(): void {
  const now = Date.now();
  if (!isAway && now - activeAt < noteEachMs) return;
  activeAt = now;
  clearTimeout(timer);
  timer = setTimeout(() => become(true), awayAfterMs);
  become(false);
}

function become(away: boolean): void {
  if (isAway === away) return;
  isAway = away;
  tell(away ? 'away' : 'online');
}

// One that is lost does no harm: it is told again with the next change or connection.
function tell(status: Status): void {
  chat.peek()?.client.rpc('chat.status', { status }).catch(() => undefined);
}

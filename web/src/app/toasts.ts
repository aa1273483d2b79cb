// SPDX-License-Identifier: MIT
// What is told in passing, in a corner of the page.
import { signal } from '@preact/signals';
import { messageOf } from '../model/codes';

export interface Toast {
  id: number;
  text: string;
  kind: 'info' | 'error' | 'notice';
}

const toastsMax = 4;
const shownMs = { info: 4500, error: 7000, notice: 4500 };

export const toasts = signal<Toast[]>([]);

let lastId = 0;

// `stays`: until it is dismissed, as notices do.
export function toast(text: string, kind: Toast['kind'] = 'info', stays = kind === 'notice'): void {
  const id = ++lastId;
  toasts.value = [...toasts.peek().slice(1 - toastsMax), { id, text, kind }];
  if (!stays) setTimeout(() => dismiss(id), shownMs[kind]);
}

export function dismiss(id: number): void {
  toasts.value = toasts.peek().filter((each) => each.id !== id);
}

// Runs what may fail, and tells it when it does; nothing is returned then.
export async function attempt<T>(run: () => Promise<T>): Promise<T | undefined> {
  try {
    return await run();
  } catch (error) {
    toast(messageOf(error), 'error');
    return undefined;
  }
}

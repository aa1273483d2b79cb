// SPDX-License-Identifier: MIT
// What a screen reader says of the open conversation: each message that comes in.
import { signal } from '@preact/signals';
import type { MessageData, Publication } from '../model/protocol';

const textMax = 300; // characters

// With an id, so that the same words are said again when they come again.
export const announcement = signal({ text: '', id: 0 });

export function announce({ data, info }: Publication): void {
  const told = (info?.connInfo as { name?: unknown } | null | undefined)?.name;
  const name = typeof told === 'string' ? told : (info?.user ?? '');
  const { text } = data as MessageData;
  const { id } = announcement.peek();
  announcement.value = { text: `${name}: ${text.slice(0, textMax)}`, id: id + 1 };
}

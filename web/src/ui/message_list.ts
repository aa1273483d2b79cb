// SPDX-License-Identifier: MIT
// The list of messages, for those who move about in it.
import type { Row } from '../model/rows';
import type { VirtualList } from './virtual_list';

export type MessageList = VirtualList<Row>;

// The key of the row that an element is in, "" outside of rows.
export function keyOf(target: EventTarget | null): string {
  return (target as HTMLElement | null)?.closest?.<HTMLElement>('.list-row')?.dataset.key ?? '';
}

// In the next frame, for the row may only now be put into the document.
export function focusOn(list: MessageList | null, key: string): void {
  requestAnimationFrame(() => {
    const message = list?.element(key)?.querySelector<HTMLElement>('.message');
    message?.focus({ preventScroll: true });
  });
}

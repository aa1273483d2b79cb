// SPDX-License-Identifier: MIT
// What is being written in each conversation: drafts outlive a change of the room.
import { signal, type Signal } from '@preact/signals';
import type { MessageItem } from '../model/timeline';

export class Composing {
  readonly text: Signal<string> = signal('');
  readonly replyTo = signal<MessageItem | undefined>(undefined);
  readonly editing = signal<MessageItem | undefined>(undefined);
  readonly focusRequests = signal(0);
  private draft = ''; // what was there before an edit began

  reply(item: MessageItem): void {
    this.cancelEdit();
    this.replyTo.value = item;
    this.focusRequests.value += 1;
  }

  edit(item: MessageItem): void {
    if (!this.editing.peek()) this.draft = this.text.peek();
    this.replyTo.value = undefined;
    this.editing.value = item;
    this.text.value = item.text;
    this.focusRequests.value += 1;
  }

  cancelEdit(): void {
    if (!this.editing.peek()) return;
    this.editing.value = undefined;
    this.text.value = this.draft;
    this.draft = '';
  }

  insert(text: string): void {
    this.text.value = this.text.peek().replace(/(\S)$/, '$1 ') + text;
    this.focusRequests.value += 1;
  }
}

const all = new Map<string, Composing>();

export function composing(channel: string): Composing {
  let found = all.get(channel);
  if (!found) all.set(channel, (found = new Composing()));
  return found;
}

export const forgetDrafts = (): void => all.clear();

// SPDX-License-Identifier: MIT
// What is being written in each conversation. A draft is still there when one comes back to it.
import { signal, type Signal } from '@preact/signals';
import { chat } from '../app/open_chat';
import type { MessageItem } from '../model/timeline';

export class Composing {
  readonly text: Signal<string> = signal('');
  readonly replyTo = signal<MessageItem | undefined>(undefined);
  readonly editing = signal<MessageItem | undefined>(undefined);
  readonly focusRequests = signal(0);
  readonly isSaving = signal(false); // an edit is on its way
  selection = { begin: 0, end: 0 }; // in the text; insert() writes there
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
    this.write(item.text);
    this.focusRequests.value += 1;
  }

  cancelEdit(): void {
    if (!this.editing.peek()) return;
    this.editing.value = undefined;
    this.write(this.draft);
    this.draft = '';
  }

  // Where the caret is, in place of what is selected.
  insert(text: string): void {
    const all = this.text.peek();
    const begin = Math.min(this.selection.begin, all.length);
    const { end } = this.selection;
    this.write(all.slice(0, begin) + text + all.slice(end), begin + text.length);
    this.focusRequests.value += 1;
  }

  insertWord(word: string): void {
    const isInWord = /\S$/.test(this.text.peek().slice(0, this.selection.begin));
    this.insert(`${isInWord ? ' ' : ''}${word} `);
  }

  private write(text: string, caret = text.length): void {
    this.selection = { begin: caret, end: caret };
    this.text.value = text;
  }
}

const all = new Map<string, Composing>();

export function composing(channel: string): Composing {
  const key = `${chat.peek()?.me} ${channel}`; // another user may come in in another tab
  let found = all.get(key);
  if (!found) all.set(key, (found = new Composing()));
  return found;
}

export const forgetDrafts = (): void => all.clear();

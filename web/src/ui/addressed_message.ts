// SPDX-License-Identifier: MIT
// A message that the address names (?at=…): it is loaded, brought into sight, and flashes.
import { useSignalEffect, type ReadonlySignal, type Signal } from '@preact/signals';
import type { RefObject } from 'preact';
import type { Conversation } from '../app/conversation';
import { amendAddress, readAddress, route } from '../app/navigation';
import { chat } from '../app/open_chat';
import { toast } from '../app/toasts';
import { channelOf, type Route } from '../model/route';
import type { Row } from '../model/rows';
import { focusOn, type MessageList } from './message_list';

const flashMs = 4000;

export function useAddressedMessage(
  conversation: Conversation,
  rows: ReadonlySignal<Row[]>,
  list: RefObject<MessageList>,
  flashing: Signal<string>,
): void {
  const { me } = chat.value!;

  async function jump(offset: number, asked: Route): Promise<void> {
    const end = await conversation.loadUntil(offset);
    if (route.peek() !== asked) return; // somebody went elsewhere
    if (end === 'failed') {
      toast('That message could not be loaded. Try again when you are connected.', 'error');
      return;
    }
    // The address has done its work: a reload is not to lead here again.
    amendAddress(location.hash.replace(/\?.*$/, ''));
    readAddress();
    if (end === 'gone') return toast('That message is not kept any more.');
    const row = rows.value.find((each) => each.kind === 'message' && each.item.offset === offset);
    if (!row) return;
    list.current?.toRow(row.key);
    flash(row.key);
    if (document.activeElement === document.body) focusOn(list.current, row.key);
  }

  function flash(key: string): void {
    flashing.value = key;
    setTimeout(() => {
      if (flashing.peek() === key) flashing.value = '';
    }, flashMs);
  }

  useSignalEffect(() => {
    const { value } = route;
    if (value.kind === 'none' || value.at === undefined) return;
    if (channelOf(value, me) === conversation.channel) void jump(value.at, value);
  });
}

// SPDX-License-Identifier: MIT
// Saying something, and changing what was said.
import type { MessageData } from '../model/protocol';
import { mentionsOf } from '../model/text';
import type { MessageItem } from '../model/timeline';
import type { Conversation } from './conversation';
import { peopleIn } from './members';
import { chat } from './open_chat';
import { attempt } from './toasts';

export function newId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(12));
  return btoa(String.fromCharCode(...bytes)).replace(/\+/g, '-').replace(/\//g, '_');
}

export function send(conversation: Conversation, text: string, replyTo?: number): void {
  const open = chat.peek();
  if (!open) return;
  const people = peopleIn(conversation);
  const mentions = mentionsOf(text, (user) => people.has(user) && user !== open.me);
  const data: MessageData & { id: string; type: 'message' } = {
    id: newId(),
    type: 'message',
    text,
    time: Date.now(),
  };
  if (replyTo !== undefined) data.reply_to = replyTo;
  if (mentions.length > 0) data.mentions = mentions;
  open.outbox.add(conversation.channel, data);
  conversation.typing.stop();
  conversation.newAfter.value = undefined;
}

// Rejects when it is refused or not known to be stored.
const publish = (conversation: Conversation, data: object) =>
  chat.peek()!.client.publish(conversation.channel, { id: newId(), ...data });

export const edit = (conversation: Conversation, target: number, text: string) =>
  publish(conversation, { type: 'edit', target, text });

export const remove = (conversation: Conversation, target: number) =>
  publish(conversation, { type: 'delete', target });

export function react(conversation: Conversation, item: MessageItem, key: string) {
  const me = chat.peek()!.me;
  const mine = item.reactions.find((each) => each.key === key)?.users.includes(me) ?? false;
  const data = { type: 'reaction', target: item.offset, key, on: !mine };
  return attempt(() => publish(conversation, data));
}

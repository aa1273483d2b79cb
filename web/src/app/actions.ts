// SPDX-License-Identifier: MIT
// What people do in a conversation.
import { errors, type MessageData, type Room, type RoomChannel } from '../model/protocol';
import { mentionsOf } from '../model/text';
import type { MessageItem } from '../model/timeline';
import type { Conversation } from './conversation';
import { attempt, chat, goTo, toast } from './state';

export function newId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(12));
  return btoa(String.fromCharCode(...bytes)).replace(/\+/g, '-').replace(/\//g, '_');
}

// Who can be mentioned here, as far as the page knows: user → name.
export function peopleIn(conversation: Conversation): Map<string, string> {
  const people = new Map<string, string>();
  const info = conversation.info.peek();
  if (info.kind === 'dm') people.set(info.user, info.name || info.user);
  for (const [user, name] of conversation.timeline.names) people.set(user, name);
  for (const { user, name } of conversation.presence.peek()?.users ?? []) people.set(user, name);
  for (const { user, name } of members.get(conversation.channel) ?? []) people.set(user, name);
  return people;
}

// Asks once who is in a room, so that they can be mentioned before they have said anything.
export async function loadPeople(conversation: Conversation): Promise<void> {
  const info = conversation.info.peek();
  if (info.kind === 'dm' || info.role === undefined || members.has(conversation.channel)) return;
  const page = await chat
    .peek()!
    .rpc<{ members: { user: string; name: string }[] }>('chat.members', { room: info.room })
    .catch(() => undefined);
  if (page) rememberMembers(conversation.channel, page.members);
}

const members = new Map<string, { user: string; name: string }[]>();
export function rememberMembers(channel: string, list: { user: string; name: string }[]): void {
  members.set(channel, list);
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
  conversation.stopTyping();
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

// --- Rooms and people

// Rejects when it fails: for dialogs, which show why themselves.
export const call = <T = Record<string, never>>(method: string, data: object): Promise<T> =>
  chat.peek()!.rpc<T>(method, data);

// Tells in passing when it fails; nothing is returned then.
export const rpc = <T = Record<string, never>>(method: string, data: object) =>
  attempt(() => call<T>(method, data));

// Names are lower case here, but for those of people who come with another system's token: as it
// was typed first.
export async function callNaming<T = Record<string, never>>(
  method: string,
  data: { user: string; room?: string },
): Promise<T> {
  const lower = data.user.toLowerCase();
  try {
    return await call<T>(method, data);
  } catch (error) {
    if (lower === data.user || (error as { code?: number }).code !== errors.notFound) throw error;
    return call<T>(method, { ...data, user: lower });
  }
}

export async function enter(room: string): Promise<void> {
  await call<Room>('chat.join', { room });
  await chat.peek()!.sync();
  goTo(`room:${room}`);
}

export const join = (room: string) => attempt(() => enter(room));

export async function decline(room: string): Promise<void> {
  if (await rpc('chat.leave', { room })) await chat.peek()!.sync();
}

export async function leave(room: string): Promise<void> {
  if (!(await rpc('chat.leave', { room }))) return;
  await chat.peek()!.sync();
  location.hash = '#/';
}

export async function writeTo(user: string): Promise<void> {
  const { channel } = await callNaming<{ channel: string }>('chat.dm', { user });
  await chat.peek()!.sync();
  goTo(channel);
}

export const openDm = (user: string) => attempt(() => writeTo(user));

export async function hide(channel: string): Promise<void> {
  if (!(await rpc('chat.hide', { channel }))) return;
  location.hash = '#/';
  await chat.peek()!.sync();
}

export async function setBlocked(user: string, isBlocked: boolean): Promise<void> {
  if (!(await rpc(isBlocked ? 'chat.block' : 'chat.unblock', { user }))) return;
  const blocked = `You blocked ${user}. Neither can write to the other.`;
  toast(isBlocked ? blocked : `You unblocked ${user}.`);
  await chat.peek()!.sync();
}

// What this user may do in the room.
export function powersIn(info: RoomChannel | undefined): { moderate: boolean; own: boolean } {
  const isAdmin = chat.peek()?.session.peek().role === 'admin';
  const own = isAdmin || info?.role === 'owner';
  return { own, moderate: own || info?.role === 'moderator' };
}

// SPDX-License-Identifier: MIT
// Who is in the rooms, as far as the page has heard.
import { signal } from '@preact/signals';
import type { Conversation } from './conversation';
import { chat } from './open_chat';

type Names = { user: string; name: string }[];

const members = new Map<string, Names>(); // by channel

export function rememberMembers(channel: string, list: Names): void {
  members.set(channel, list);
}

// Raised when somebody's role or sanction has changed: whoever shows the members loads them anew.
export const membersRevision = signal(0);

export function membersChanged(): void {
  membersRevision.value += 1;
}

// Who can be mentioned here: user → name.
export function peopleIn(conversation: Conversation): Map<string, string> {
  const people = new Map<string, string>();
  const info = conversation.info.peek();
  if (info.kind === 'dm') people.set(info.user, info.name || info.user);
  for (const [user, name] of conversation.timeline.names) people.set(user, name);
  for (const { user, name } of conversation.presence.people.peek()?.users ?? []) {
    people.set(user, name);
  }
  for (const { user, name } of members.get(conversation.channel) ?? []) people.set(user, name);
  return people;
}

// Whoever has spoken or been seen in any conversation, but for the reader.
export function knownUsers(): string[] {
  const open = chat.peek()!;
  const known = new Set<string>();
  for (const conversation of open.conversations.peek().values()) {
    for (const user of conversation.timeline.names.keys()) known.add(user);
    for (const { user } of conversation.presence.people.peek()?.users ?? []) known.add(user);
  }
  known.delete(open.me);
  return [...known].filter(Boolean).sort();
}

// Asks once who is in a room, so that they can be mentioned before they have said anything.
export async function loadPeople(conversation: Conversation): Promise<void> {
  const info = conversation.info.peek();
  if (info.kind === 'dm' || info.role === undefined || members.has(conversation.channel)) return;
  const page = await chat
    .peek()!
    .rpc<{ members: Names }>('chat.members', { room: info.room })
    .catch(() => undefined);
  if (page) rememberMembers(conversation.channel, page.members);
}

// SPDX-License-Identifier: MIT
// How much of a conversation is unread: counted where its messages are here, and estimated by two
// offsets where they are not.
import type { MessageItem, Timeline } from './timeline';

export interface Unread {
  count: number;
  mentions: number; // of them, those that name the reader
}

export const nothingUnread: Unread = { count: 0, mentions: 0 };

// `hidden`: users whose messages are not shown.
export function unreadOf(
  timeline: Timeline,
  read: number,
  me: string,
  hidden: ReadonlySet<string>,
): Unread {
  if (timeline.top <= read) return nothingUnread;
  let count = 0;
  let mentions = 0;
  const isForMe = (item: MessageItem) =>
    item.user !== me && item.deletedBy === undefined && !hidden.has(item.user);
  for (let i = timeline.items.length - 1; i >= 0; --i) {
    const item = timeline.items[i]!;
    if (item.offset <= read) break;
    if (item.kind !== 'message' || !isForMe(item)) continue;
    ++count;
    if (item.mentions.includes(me)) ++mentions;
  }
  if (timeline.hasMore) count += Math.max(0, timeline.low - 1 - read);
  for (const item of timeline.mentionedBefore) {
    if (item.offset > read && isForMe(item) && item.mentions.includes(me)) ++mentions;
  }
  return { count, mentions };
}

// What the window's title says before its name.
export function titleOf(name: string, unread: Iterable<Unread & { isDm: boolean }>): string {
  let loud = 0;
  let isQuiet = false;
  for (const each of unread) {
    loud += each.isDm ? each.count : each.mentions;
    isQuiet ||= each.count > 0;
  }
  if (loud > 0) return `(${loud > 99 ? '99+' : loud}) ${name}`;
  return isQuiet ? `• ${name}` : name;
}

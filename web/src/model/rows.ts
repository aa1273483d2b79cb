// SPDX-License-Identifier: MIT
// The lines of a message list, made of a conversation's items: days, groups of one author, the mark
// between what was read and what is new, and what is still on its way.
import { dayOf } from './format';
import type { Entry } from './outbox';
import { messageKey, type EventItem, type Item, type MessageItem } from './timeline';

export type Row =
  | { kind: 'start'; key: string }
  | { kind: 'day'; key: string; time: number }
  | { kind: 'new'; key: string }
  | { kind: 'message'; key: string; item: MessageItem; isGrouped: boolean }
  | { kind: 'events'; key: string; items: EventItem[] }
  | { kind: 'pending'; key: string; entry: Entry; isGrouped: boolean };

export interface RowsInput {
  items: Item[];
  low: number; // the first offset that is here
  hasMore: boolean;
  pending: Entry[];
  me: string;
  newAfter?: number | undefined; // the read mark when the conversation was opened
  hidden: ReadonlySet<string>; // blocked users
}

const groupMs = 5 * 60_000;

// Joining and leaving is told in one line for many.
const isTraffic = (item: EventItem): boolean =>
  item.data.event === 'join' || item.data.event === 'leave';

// Where the mark belongs is known when all that is new is here.
function isMarkHere({ low, hasMore, newAfter }: RowsInput): boolean {
  return newAfter !== undefined && (!hasMore || low <= newAfter + 1);
}

export function rowsOf(input: RowsInput): Row[] {
  const rows: Row[] = [];
  let author: string | undefined; // of the group that goes on
  let time = 0;
  let day: number | undefined;
  let isMarked = !isMarkHere(input);
  if (!input.hasMore) rows.push({ kind: 'start', key: 'start' });

  const startDay = (at: number) => {
    if (at === 0 || dayOf(at) === day) return;
    // Clocks of senders differ: a day that is over does not begin again.
    if (day !== undefined && dayOf(at) < day) return;
    day = dayOf(at);
    rows.push({ kind: 'day', key: `day${day}`, time: at });
    author = undefined;
  };
  const mark = (item: Item) => {
    if (isMarked || item.offset <= input.newAfter!) return;
    if (item.kind === 'message' && item.user === input.me) return;
    isMarked = true;
    rows.push({ kind: 'new', key: 'new' });
    author = undefined;
  };

  for (const item of input.items) {
    startDay(item.time);
    if (item.kind === 'event') {
      const last = rows.at(-1);
      if (last?.kind === 'events' && isTraffic(item) && isTraffic(last.items[0]!)) {
        last.items.push(item);
      } else {
        rows.push({ kind: 'events', key: item.key, items: [item] });
      }
      author = undefined;
      continue;
    }
    if (input.hidden.has(item.user)) continue;
    mark(item);
    const isNear = item.time === 0 || time === 0 || Math.abs(item.time - time) < groupMs;
    const isGrouped = author === item.user && isNear && item.replyTo === undefined;
    rows.push({ kind: 'message', key: item.key, item, isGrouped });
    author = item.user;
    time = item.time;
  }
  for (const entry of input.pending) {
    const at = entry.data.time ?? 0;
    startDay(at);
    const isGrouped =
      author === input.me && Math.abs(at - time) < groupMs && entry.data.reply_to === undefined;
    rows.push({ kind: 'pending', key: messageKey(input.me, entry.id), entry, isGrouped });
    author = input.me;
    time = at;
  }
  return rows;
}

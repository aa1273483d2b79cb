// SPDX-License-Identifier: MIT
// A conversation's log folded into what is shown: messages with their edits, deletions and
// reactions, and events, in the order of their offsets. Covers a range of offsets without a hole,
// which grows at both ends.
import { timeOf } from './format';
import { limits, type EventData, type MessageData, type Publication } from './protocol';
import { isEmoji } from './text';

export interface MessageItem {
  kind: 'message';
  offset: number;
  key: string; // stays the same while a message goes from pending to stored
  id: string;
  user: string; // "" for what the server's API published
  name: string;
  text: string;
  time: number; // Unix milliseconds, 0 when nobody has told
  replyTo?: number;
  mentions: string[];
  edited: boolean;
  deletedBy?: string;
  reactions: Reaction[];
}

export interface Reaction {
  key: string; // the emoji
  users: string[];
}

export interface EventItem {
  kind: 'event';
  offset: number;
  key: string;
  time: number;
  data: EventData;
}

export type Item = MessageItem | EventItem;

// A change to a message. The one that stands later in the log wins, whichever arrives first.
interface Change {
  offset: number;
  user: string;
  text?: string; // of an edit; a deletion has none
}

const mentionsKept = 200;

type Marks = Map<string, { key: string; user: string; offset: number; on: boolean }>;

export function messageKey(user: string, id: string): string {
  return `${user}:${id}`;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const isOffset = (value: unknown): value is number =>
  Number.isSafeInteger(value) && (value as number) > 0;

function nameOf(info: Publication['info']): string {
  const told = isObject(info?.connInfo) ? info.connInfo.name : undefined;
  return typeof told === 'string' && told !== '' ? told : (info?.user ?? '');
}

export class Timeline {
  items: Item[] = [];
  // All publications from `low` to `top` have been folded in; none when low > top.
  low: number;
  top: number;
  epoch: string;
  hasMore: boolean; // there may be older publications

  readonly names = new Map<string, string>(); // of who spoke, by user

  // Messages before `low` that mention somebody: the newest of them, for counting what is unread.
  mentionedBefore: MessageItem[] = [];

  private marks = new Map<number, Marks>(); // reactions, by target
  private changes = new Map<number, Change>(); // of messages that are not here yet
  private keys = new Set<string>();

  constructor(position: { offset: number; epoch: string }) {
    this.low = position.offset + 1;
    this.top = position.offset;
    this.epoch = position.epoch;
    this.hasMore = position.offset > 0;
  }

  // Takes a publication as it happens. False when it was here already.
  add(publication: Publication, now: number): boolean {
    const offset = publication.offset ?? 0;
    if (offset <= this.top) return false;
    if (offset > this.top + 1) this.forget(offset); // something is missing: begin anew from here
    this.top = offset;
    const item = this.foldSafely(publication, offset, now);
    if (item) this.items.push(item);
    return true;
  }

  // Takes the publications right before `low`, newest first; none means that there are no more.
  addOlder(publications: Publication[]): void {
    const older: Item[] = [];
    for (const publication of publications) {
      const offset = publication.offset ?? 0;
      if (offset <= 0 || offset >= this.low) continue;
      this.low = offset;
      const item = this.foldSafely(publication, offset, 0);
      if (item) older.push(item);
    }
    if (publications.length === 0 || this.low <= 1) this.hasMore = false;
    this.items = [...older.reverse(), ...this.items];
    this.mentionedBefore = this.mentionedBefore.filter(({ offset }) => offset < this.low);
  }

  // Forgets the oldest of what is here, which the history still has.
  trim(itemsMax: number): void {
    const gone = this.items.splice(0, Math.max(0, this.items.length - itemsMax));
    if (gone.length === 0) return;
    this.low = this.items[0]?.offset ?? this.top + 1;
    this.hasMore = true;
    for (const item of gone) {
      this.keys.delete(item.key);
      if (item.kind === 'message' && item.mentions.length > 0) this.mentionedBefore.push(item);
    }
    this.mentionedBefore.splice(0, this.mentionedBefore.length - mentionsKept);
    // What has come since `low` stays: it is not read again with older messages.
    for (const [target, marks] of this.marks) {
      for (const [name, mark] of marks) if (mark.offset < this.low) marks.delete(name);
      if (marks.size === 0) this.marks.delete(target);
    }
    for (const [target, change] of this.changes) {
      if (change.offset < this.low) this.changes.delete(target);
    }
  }

  indexOf(offset: number): number {
    let begin = 0;
    let end = this.items.length;
    while (begin < end) {
      const middle = (begin + end) >> 1;
      if (this.items[middle]!.offset < offset) begin = middle + 1;
      else end = middle;
    }
    return this.items[begin]?.offset === offset ? begin : -1;
  }

  find(offset: number): Item | undefined {
    return this.items[this.indexOf(offset)];
  }

  message(offset: number): MessageItem | undefined {
    const item = this.find(offset);
    return item?.kind === 'message' ? item : undefined;
  }

  private forget(offset: number): void {
    this.items = [];
    this.mentionedBefore = [];
    this.keys.clear();
    this.low = offset;
    this.hasMore = true;
  }

  // Whatever one publication is made of, the others are taken.
  private foldSafely(publication: Publication, offset: number, now: number): Item | undefined {
    try {
      return this.fold(publication, offset, now);
    } catch (error) {
      console.warn('a publication could not be read', error);
      return undefined;
    }
  }

  private fold(publication: Publication, offset: number, now: number): Item | undefined {
    const data = publication.data;
    if (!isObject(data)) return undefined;
    const user = publication.info?.user ?? '';
    if (user && !this.names.has(user)) this.names.set(user, nameOf(publication.info));
    switch (data.type) {
      case 'message':
      case undefined:
        return typeof data.text === 'string'
          ? this.message_(data as unknown as MessageData, publication, offset, now)
          : undefined;
      case 'deleted':
        return this.deleted(data, publication, offset);
      case 'event':
        return this.event(data, publication, offset, now);
      case 'edit':
        if (typeof data.text === 'string') {
          this.change(data.target, { offset, user, text: data.text });
        }
        return undefined;
      case 'delete':
        this.change(data.target, { offset, user });
        return undefined;
      case 'reaction':
        this.react(data, user, offset);
        return undefined;
      default:
        return undefined;
    }
  }

  private message_(data: MessageData, publication: Publication, offset: number, now: number) {
    const user = publication.info?.user ?? '';
    const item: MessageItem = {
      kind: 'message',
      offset,
      key: this.uniqueKey(user, data.id, offset),
      id: typeof data.id === 'string' ? data.id : '',
      user,
      name: nameOf(publication.info),
      text: data.text,
      time: timeOf(publication.time) || timeOf(data.time) || now,
      mentions: Array.isArray(data.mentions)
        ? data.mentions.filter((each) => typeof each === 'string')
        : [],
      edited: typeof data.edited === 'number',
      reactions: this.reactionsOf(offset),
    };
    if (isOffset(data.reply_to)) item.replyTo = data.reply_to;
    const change = this.changes.get(offset);
    return change ? changed(item, change) : item;
  }

  private deleted(data: Record<string, unknown>, publication: Publication, offset: number): Item {
    const user = publication.info?.user ?? '';
    const id = typeof data.id === 'string' ? data.id : undefined;
    return {
      kind: 'message',
      offset,
      key: this.uniqueKey(user, id, offset),
      id: id ?? '',
      user,
      name: nameOf(publication.info),
      text: '',
      time: timeOf(publication.time) || timeOf(data.time),
      mentions: [],
      edited: false,
      deletedBy: typeof data.by === 'string' ? data.by : user,
      reactions: [],
    };
  }

  private event(
    told: Record<string, unknown>,
    publication: Publication,
    offset: number,
    now: number,
  ): EventItem | undefined {
    // Only the server speaks without `info`: nobody else can make an event.
    if (publication.info?.user || typeof told.event !== 'string') return undefined;
    const data: EventData = { type: 'event', event: told.event };
    for (const name of ['user', 'by', 'reason'] as const) {
      if (typeof told[name] === 'string') data[name] = told[name];
    }
    if (typeof told.value === 'string' || typeof told.value === 'boolean') data.value = told.value;
    const until = timeOf(told.until);
    if (until) data.until = until;
    const time = timeOf(publication.time) || timeOf(told.time) || now;
    return { kind: 'event', offset, key: `o${offset}`, time, data };
  }

  // Ids are the sender's, so the same may come again.
  private uniqueKey(user: string, id: string | undefined, offset: number): string {
    const key = id ? messageKey(user, id) : `o${offset}`;
    if (this.keys.has(key)) return `o${offset}`;
    this.keys.add(key);
    return key;
  }

  private change(target: unknown, change: Change): void {
    if (!isOffset(target)) return;
    const known = this.changes.get(target);
    if (known && known.offset > change.offset) return;
    this.changes.set(target, change);
    const at = this.indexOf(target);
    const item = this.items[at];
    if (item?.kind === 'message') this.replace(at, changed(item, change));
  }

  private react(data: Record<string, unknown>, user: string, offset: number): void {
    const { target, key, on } = data;
    if (!isOffset(target) || typeof key !== 'string' || typeof on !== 'boolean') return;
    if (!isEmoji(key)) return; // of an older server, or one that checks nothing
    const marks: Marks = this.marks.get(target) ?? new Map();
    this.marks.set(target, marks);
    const name = `${key}\n${user}`;
    const known = marks.get(name);
    if (known && known.offset > offset) return;
    marks.set(name, { key, user, offset, on });
    const at = this.indexOf(target);
    const item = this.items[at];
    if (item?.kind === 'message' && item.deletedBy === undefined) {
      this.replace(at, { ...item, reactions: this.reactionsOf(target) });
    }
  }

  private reactionsOf(target: number): Reaction[] {
    const marks = [...(this.marks.get(target)?.values() ?? [])].sort((a, b) => a.offset - b.offset);
    const found = new Map<string, string[]>();
    for (const { key, user, on } of marks) {
      if (on) found.set(key, [...(found.get(key) ?? []), user]);
    }
    return [...found].slice(0, limits.reactions).map(([key, users]) => ({ key, users }));
  }

  private replace(at: number, item: Item): void {
    this.items[at] = item;
  }
}

function changed(item: MessageItem, change: Change): MessageItem {
  if (item.deletedBy !== undefined) return item;
  if (change.text === undefined) {
    return { ...item, text: '', mentions: [], reactions: [], deletedBy: change.user };
  }
  // The server lets nobody edit another one's message; if one comes all the same, it is not shown.
  return change.user === item.user ? { ...item, text: change.text, edited: true } : item;
}

// SPDX-License-Identifier: MIT
// One room or private conversation: its subscription, its log as far as it is here, who is there
// and who types. Components read the signals.
import { batch, signal } from '@preact/signals';
import type { Centrifuge, Subscription } from 'centrifuge';
import type { Channel, Publication, Present, Status } from '../model/protocol';
import { Timeline } from '../model/timeline';
import { nothingUnread, unreadOf, type Unread } from '../model/unread';

export interface ConversationHost {
  client: Centrifuge;
  me: string;
  blocked: { peek(): ReadonlySet<string> };
  // A publication of this user's own has come, with that id.
  arrived(channel: string, id: string): void;
  // A message has come, live.
  heard(conversation: Conversation, publication: Publication): void;
  // The server ended the subscription for good.
  removed(channel: string, code: number, reason: string): void;
  opened(conversation: Conversation): void;
  settled(): void; // the subscription is where it should be
}

const pageSize = 60;
const pageSizeLater = 200; // of somebody who reads far back
const typingMs = 6000;
const typingEachMs = 3200; // the server's 3 s and some
const readDelayMs = 400;
const itemsMax = 1000; // of what is not read back; the history has the rest
const noOne: ReadonlySet<string> = new Set();

export class Conversation {
  readonly info;
  readonly revision = signal(0); // of the timeline
  readonly unread = signal<Unread>(nothingUnread);
  readonly typing = signal<Map<string, { name: string; until: number }>>(new Map());
  readonly presence = signal<{ count: number; users?: Present[] } | undefined>(undefined);
  readonly peerStatus = signal<Status>('offline'); // of a private conversation's other side
  isPeerKnown = false; // it has been asked for
  readonly peerSeen = signal(0); // when they went, 0 when nobody has told
  readonly isLoading = signal(false);
  readonly loadError = signal('');
  readonly wasReset = signal(false); // something could not be recovered
  readonly newAfter = signal<number | undefined>(undefined);
  timeline: Timeline;
  read: number;
  isWatched = false; // it is open in the window
  isAtEnd = true; // and the newest is in sight
  activeAt: number; // when it was opened or something was said, Unix milliseconds
  private readEpoch: string; // `read` is an offset of that log
  private subscription: Subscription | undefined;
  private loading: Promise<void> | undefined;
  private readTimer: ReturnType<typeof setTimeout> | undefined;
  private presenceTimer: ReturnType<typeof setTimeout> | undefined;
  private sentRead = 0;
  private typedAt = 0;
  private typeTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    channel: Channel,
    private readonly host: ConversationHost,
  ) {
    this.info = signal(channel);
    this.timeline = new Timeline({ offset: channel.top ?? 0, epoch: channel.epoch ?? '' });
    this.read = channel.read ?? 0;
    this.sentRead = this.read;
    this.readEpoch = channel.epoch ?? '';
    this.activeAt = channel.last ?? 0;
    this.touch();
  }

  get channel(): string {
    return this.info.peek().channel;
  }

  get isSubscribed(): boolean {
    return this.subscription?.state === 'subscribed';
  }

  // Whether it is to be subscribed; isSubscribed tells whether it is.
  get isFollowed(): boolean {
    return this.subscription !== undefined;
  }

  // Somebody begins to look at it: what is unread now gets its line above it.
  open(): void {
    this.activeAt = Date.now();
    this.isWatched = true;
    this.host.opened(this);
    if (this.newAfter.peek() === undefined && this.unread.peek().count > 0) {
      this.newAfter.value = this.read;
    }
  }

  close(): void {
    this.activeAt = Date.now();
    this.isWatched = false;
    this.isAtEnd = true;
    this.newAfter.value = undefined;
    this.sendRead();
    this.trim();
  }

  // What the server's list says of it.
  update(channel: Channel): void {
    const { top = 0, epoch = '', read = 0 } = channel;
    this.info.value = channel;
    this.activeAt = Math.max(this.activeAt, channel.last ?? 0);
    const isBehind = epoch !== this.timeline.epoch || top > this.timeline.top;
    if (!this.subscription && isBehind) this.begin({ offset: top, epoch });
    this.readUpTo(read, epoch);
    this.touch();
  }

  // --- Subscription

  subscribe(): void {
    if (this.subscription) return;
    const { offset, epoch } = { offset: this.timeline.top, epoch: this.timeline.epoch };
    const subscription = this.host.client.newSubscription(this.channel, {
      positioned: true,
      recoverable: true,
      joinLeave: true,
      minResubscribeDelay: 200,
      maxResubscribeDelay: 5000,
      ...(epoch ? { since: { offset, epoch } } : {}),
    });
    this.subscription = subscription;
    subscription.on('publication', (publication) => this.take(publication));
    subscription.on('subscribed', ({ wasRecovering, recovered, streamPosition }) => {
      const position = streamPosition ?? { offset: 0, epoch: '' };
      const isOther = this.timeline.epoch !== '' && this.timeline.epoch !== position.epoch;
      if ((wasRecovering && !recovered) || isOther) this.restart(position);
      else if (!wasRecovering && this.timeline.epoch === '') this.restart(position, true);
      this.host.settled();
    });
    subscription.on('unsubscribed', ({ code, reason }) => {
      if (code !== 0) this.host.removed(this.channel, code, reason);
    });
    subscription.on('join', () => this.presenceChanged());
    subscription.on('leave', () => this.presenceChanged());
    subscription.on('error', () => undefined); // the SDK goes on trying
    subscription.subscribe();
  }

  end(): void {
    clearTimeout(this.readTimer);
    clearTimeout(this.presenceTimer);
    this.stopTyping();
    this.unsubscribe();
  }

  unsubscribe(): void {
    if (!this.subscription) return;
    this.subscription.removeAllListeners();
    this.subscription.unsubscribe();
    this.host.client.removeSubscription(this.subscription);
    this.subscription = undefined;
  }

  // What is here does not go on without a hole: shown anew, from history.
  private restart(position: { offset: number; epoch: string }, isFirst = false): void {
    const had = this.timeline.items.length > 0;
    this.begin(position);
    if (position.epoch !== this.readEpoch) this.readAnew(0, position.epoch);
    this.touch();
    if (isFirst) return;
    this.newAfter.value = undefined;
    this.wasReset.value = true;
    if (had || this.isWatched) void this.loadOlder();
  }

  private begin(position: { offset: number; epoch: string }): void {
    this.timeline = new Timeline(position);
    this.loading = undefined;
  }

  private take(publication: Publication): void {
    const data = publication.data as { type?: string; id?: string } | null;
    const user = publication.info?.user ?? '';
    if (publication.offset === undefined) {
      if (data?.type === 'typing' && user !== this.host.me) this.types(publication);
      return;
    }
    const before = this.timeline.top;
    if (!this.timeline.add(publication, Date.now())) return;
    this.host.settled();
    batch(() => {
      if (user === this.host.me && data?.id) this.host.arrived(this.channel, data.id);
      if (data?.type === 'message') this.stopsTyping(user);
      if (this.timeline.low > before + 1 && before > 0) this.wasReset.value = true;
      if (this.timeline.items.length > 1.5 * itemsMax) this.trim();
      this.touch();
      if ((data?.type ?? 'message') !== 'message') return;
      this.activeAt = Date.now();
      this.host.heard(this, publication);
    });
  }

  // What a reader has scrolled back to stays.
  private trim(): void {
    if (!this.isWatched || this.isAtEnd) this.timeline.trim(itemsMax);
  }

  touch(): void {
    this.revision.value += 1;
    const hidden = this.info.peek().kind === 'room' ? this.host.blocked.peek() : noOne;
    this.unread.value = unreadOf(this.timeline, this.read, this.host.me, hidden);
  }

  // --- History

  // Loads what was said before what is here. One at a time; later callers wait for the same.
  loadOlder(limit?: number): Promise<void> {
    limit ??= this.timeline.items.length < 2 * pageSize ? pageSize : pageSizeLater;
    this.loading ??= this.load(limit).finally(() => {
      this.loading = undefined;
    });
    return this.loading;
  }

  private async load(limit: number): Promise<void> {
    const timeline = this.timeline;
    if (!timeline.hasMore) return;
    this.isLoading.value = true;
    try {
      const { publications, epoch } = await this.host.client.history(this.channel, {
        limit,
        reverse: true,
        // Without one while nothing is here: the newest.
        ...(timeline.low <= timeline.top
          ? { since: { offset: timeline.low, epoch: timeline.epoch } }
          : {}),
      });
      if (this.timeline !== timeline) return; // begun anew meanwhile
      timeline.epoch ||= epoch;
      timeline.addOlder(publications);
      for (const { data, info } of publications) {
        const id = (data as { id?: string } | null)?.id;
        if (info?.user === this.host.me && id) this.host.arrived(this.channel, id);
      }
      this.loadError.value = '';
      this.touch();
    } catch (error) {
      this.failedToLoad(timeline, error as { code?: number; message?: string });
    } finally {
      this.isLoading.value = false;
    }
  }

  private failedToLoad(timeline: Timeline, error: { code?: number; message?: string }): void {
    if (this.timeline !== timeline) return;
    if (error.code === 112) timeline.hasMore = false; // of another life of the log
    this.loadError.value = 'Older messages could not be loaded.';
    this.touch();
  }

  // Loads until the message at `offset` is here, unless it is not kept any more.
  async loadUntil(offset: number): Promise<'found' | 'gone' | 'failed'> {
    while (this.timeline.low > offset && this.timeline.hasMore) {
      const low = this.timeline.low;
      await this.loadOlder(300);
      if (this.timeline.low >= low && this.timeline.hasMore) return 'failed';
    }
    return this.timeline.find(offset) ? 'found' : 'gone';
  }

  // --- Read marks

  markRead(): void {
    const { top } = this.timeline;
    if (top <= this.read) return;
    this.read = top;
    this.touch();
    this.readTimer ??= setTimeout(() => this.sendRead(), readDelayMs);
  }

  // Read on another device, or told by sync: then of a log that may have begun anew.
  readUpTo(offset: number, epoch = this.readEpoch): void {
    if (epoch !== this.readEpoch) return this.readAnew(offset, epoch);
    if (offset <= this.read) return;
    this.read = offset;
    this.sentRead = Math.max(this.sentRead, offset);
    this.touch();
  }

  private readAnew(offset: number, epoch: string): void {
    this.read = offset;
    this.sentRead = offset;
    this.readEpoch = epoch;
    this.touch();
  }

  sendRead(): void {
    clearTimeout(this.readTimer);
    this.readTimer = undefined;
    if (this.read <= this.sentRead) return;
    const offset = this.read;
    const was = this.sentRead;
    this.sentRead = offset;
    this.host.client.rpc('chat.read', { channel: this.channel, offset }).catch(() => {
      this.sentRead = Math.min(this.sentRead, was); // sent with the next one, or after catching up
    });
  }

  // --- Typing and presence

  // Told once in a while, and no sooner after a message: the server passes on no more.
  type(): void {
    if (this.typeTimer !== undefined || !this.isSubscribed) return;
    this.typeTimer = setTimeout(() => this.tellTyping(), this.typedAt + typingEachMs - Date.now());
  }

  private tellTyping(): void {
    this.typeTimer = undefined;
    this.typedAt = Date.now();
    this.host.client.publish(this.channel, { type: 'typing' }).catch(() => undefined);
  }

  stopTyping(): void {
    clearTimeout(this.typeTimer);
    this.typeTimer = undefined;
  }

  private types({ info }: Publication): void {
    if (!info) return;
    const name = (info.connInfo as { name?: string } | undefined)?.name ?? info.user;
    const next = new Map(this.typing.value);
    next.set(info.user, { name, until: Date.now() + typingMs });
    this.typing.value = next;
    setTimeout(() => {
      const entry = this.typing.value.get(info.user);
      if (entry && entry.until <= Date.now()) this.stopsTyping(info.user);
    }, typingMs + 50);
  }

  private stopsTyping(user: string): void {
    if (!this.typing.value.has(user)) return;
    const next = new Map(this.typing.value);
    next.delete(user);
    this.typing.value = next;
  }

  private presenceChanged(): void {
    clearTimeout(this.presenceTimer);
    this.presenceTimer = setTimeout(() => void this.loadPresence(), 300 + Math.random() * 500);
  }

  async loadPresence(): Promise<void> {
    const info = this.info.peek();
    try {
      if (info.kind === 'dm') {
        this.isPeerKnown = true;
        const { data } = await this.host.client.rpc('chat.user', { user: info.user });
        this.peerStatus.value = data.status ?? 'offline';
        this.peerSeen.value = data.last_seen ?? 0;
      } else if (this.presence.peek() !== undefined || this.isWatched) {
        const { data } = await this.host.client.rpc('chat.presence', { channel: this.channel });
        this.presence.value = data;
      }
    } catch {
      // Stays as it was; the next change or the timer asks again.
    }
  }
}

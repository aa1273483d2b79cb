// SPDX-License-Identifier: MIT
// One room or private conversation: its subscription and its log as far as it is here. Components
// read the signals.
import { batch, signal } from '@preact/signals';
import type { Centrifuge, Subscription } from 'centrifuge';
import { codeOf, errors, unsubscribes } from '../model/codes';
import type { Channel, Publication } from '../model/protocol';
import { Timeline } from '../model/timeline';
import { nothingUnread, unreadOf, type Unread } from '../model/unread';
import { Presence } from './presence';
import { ReadMark } from './read_mark';
import { Typing } from './typing';

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
const pageSizeLater = 200; // for somebody who reads far back
const pageSizeMax = 300; // on the way to a message that is asked for
const itemsMax = 1000; // older ones are forgotten, and loaded again when somebody scrolls back
const noOne: ReadonlySet<string> = new Set();

// More than 15 members: most of them are the signals that the components read.
export class Conversation {
  readonly info;
  readonly revision = signal(0); // of the timeline
  readonly unread = signal<Unread>(nothingUnread);
  readonly typing: Typing;
  readonly presence: Presence;
  readonly readMark: ReadMark;
  readonly isLoading = signal(false);
  readonly loadError = signal('');
  readonly wasReset = signal(false); // something could not be recovered
  readonly newAfter = signal<number | undefined>(undefined);
  timeline: Timeline;
  isWatched = false; // it is open in the window
  isAtEnd = true; // the newest message is in sight, or would be if it were open
  activeAt: number; // when it was opened or something was said, Unix milliseconds
  private subscription: Subscription | undefined;
  private loading: Promise<void> | undefined;

  constructor(
    channel: Channel,
    private readonly host: ConversationHost,
  ) {
    this.info = signal(channel);
    this.timeline = new Timeline({ offset: channel.top ?? 0, epoch: channel.epoch ?? '' });
    const { client } = host;
    this.typing = new Typing(() => {
      client.publish(this.channel, { type: 'typing' }).catch(() => undefined);
    });
    this.presence = new Presence(client, this.info, () => this.isWatched);
    this.readMark = new ReadMark(channel, {
      changed: () => this.touch(),
      send: (offset) => client.rpc('chat.read', { channel: this.channel, offset }),
    });
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
      this.newAfter.value = this.readMark.offset;
    }
  }

  close(): void {
    this.activeAt = Date.now();
    this.isWatched = false;
    this.isAtEnd = true;
    this.newAfter.value = undefined;
    this.readMark.send();
    this.trim();
  }

  // What the server's list says of it.
  update(channel: Channel): void {
    const { top = 0, epoch = '', read = 0 } = channel;
    this.info.value = channel;
    this.activeAt = Math.max(this.activeAt, channel.last ?? 0);
    const isBehind = epoch !== this.timeline.epoch || top > this.timeline.top;
    if (!this.subscription && isBehind) this.begin({ offset: top, epoch });
    // What the list says of another log than the one that is followed says nothing: either may be
    // the older one, and who follows is told.
    if (!this.subscription || epoch === this.timeline.epoch) this.readMark.heard(read, epoch);
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
      if (recovered) this.rename(position.epoch);
      else if (wasRecovering || isOther) this.restart(position);
      else if (!wasRecovering && this.timeline.epoch === '') this.restart(position, true);
      this.host.settled();
    });
    subscription.on('unsubscribed', ({ code, reason }) => {
      if (code !== unsubscribes.byOurselves) this.host.removed(this.channel, code, reason);
    });
    subscription.on('join', () => this.presence.changed());
    subscription.on('leave', () => this.presence.changed());
    subscription.on('error', () => undefined); // the SDK goes on trying
    subscription.subscribe();
  }

  end(): void {
    this.readMark.end();
    this.presence.end();
    this.typing.stop();
    this.unsubscribe();
  }

  unsubscribe(): void {
    if (!this.subscription) return;
    this.subscription.removeAllListeners();
    this.subscription.unsubscribe();
    this.host.client.removeSubscription(this.subscription);
    this.subscription = undefined;
  }

  // The log does not go on where it ends here: it is shown anew, from history.
  private restart(position: { offset: number; epoch: string }, isFirst = false): void {
    const had = this.timeline.items.length > 0;
    this.begin(position);
    this.readMark.follow(position.epoch);
    this.touch();
    if (isFirst) return;
    this.newAfter.value = undefined;
    this.wasReset.value = true;
    if (had || this.isWatched) void this.loadOlder();
  }

  // The log goes on where it ends here, if under another name.
  private rename(epoch: string): void {
    this.timeline.epoch = epoch;
    this.readMark.rename(epoch);
  }

  private begin(position: { offset: number; epoch: string }): void {
    this.timeline = new Timeline(position);
    this.loading = undefined;
  }

  // An error here would end the client: the SDK lets none of its handlers throw.
  private take(publication: Publication): void {
    try {
      this.takeIn(publication);
    } catch (error) {
      console.warn('a publication could not be taken in', error);
    }
  }

  private takeIn(publication: Publication): void {
    const data = publication.data as { type?: unknown; id?: unknown; text?: unknown } | null;
    const user = publication.info?.user ?? '';
    if (publication.offset === undefined) {
      if (data?.type === 'typing' && user !== this.host.me) this.typing.heard(publication);
      return;
    }
    const before = this.timeline.top;
    if (!this.timeline.add(publication, Date.now())) return;
    this.host.settled();
    batch(() => {
      const id = data?.id;
      if (user === this.host.me && typeof id === 'string') this.host.arrived(this.channel, id);
      if (data?.type === 'message') this.typing.stopped(user);
      if (this.timeline.low > before + 1 && before > 0) this.wasReset.value = true;
      if (this.timeline.items.length > 1.5 * itemsMax) this.trim();
      this.touch();
      if ((data?.type ?? 'message') !== 'message' || typeof data?.text !== 'string') return;
      this.activeAt = Date.now();
      this.host.heard(this, publication);
    });
  }

  // Not while somebody has scrolled back: what they look at stays.
  private trim(): void {
    if (!this.isWatched || this.isAtEnd) this.timeline.trim(itemsMax);
  }

  touch(): void {
    this.revision.value += 1;
    const hidden = this.info.peek().kind === 'room' ? this.host.blocked.peek() : noOne;
    this.unread.value = unreadOf(this.timeline, this.readMark.offset, this.host.me, hidden);
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
        // Without a position the server gives the newest.
        ...(timeline.low <= timeline.top
          ? { since: { offset: timeline.low, epoch: timeline.epoch } }
          : {}),
      });
      if (this.timeline !== timeline) return; // begun anew meanwhile
      timeline.epoch ||= epoch;
      timeline.addOlder(publications);
      for (const { data, info } of publications) {
        const id = (data as { id?: unknown } | null)?.id;
        if (info?.user !== this.host.me || typeof id !== 'string') continue;
        this.host.arrived(this.channel, id);
      }
      this.loadError.value = '';
      this.touch();
    } catch (error) {
      this.failedToLoad(timeline, error);
    } finally {
      this.isLoading.value = false;
    }
  }

  private failedToLoad(timeline: Timeline, error: unknown): void {
    if (this.timeline !== timeline) return;
    // What is here is of a log that has begun anew since.
    if (codeOf(error) === errors.unrecoverablePosition) timeline.hasMore = false;
    this.loadError.value = 'Older messages could not be loaded.';
    this.touch();
  }

  // Loads until the message at `offset` is here, unless it is not kept any more.
  async loadUntil(offset: number): Promise<'found' | 'gone' | 'failed'> {
    while (this.timeline.low > offset && this.timeline.hasMore) {
      const low = this.timeline.low;
      await this.loadOlder(pageSizeMax);
      if (this.timeline.low >= low && this.timeline.hasMore) return 'failed';
    }
    return this.timeline.find(offset) ? 'found' : 'gone';
  }

  // --- What the reader does

  markRead(): void {
    this.readMark.advance(this.timeline.top);
  }

  type(): void {
    if (this.isSubscribed) this.typing.begin();
  }
}

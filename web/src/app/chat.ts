// SPDX-License-Identifier: MIT
// A signed-in user's chat: the connection, the list of conversations, what is on its way. Made when
// somebody signs in, ended when they leave.
import { batch, computed, effect, signal } from '@preact/signals';
import type { Centrifuge } from 'centrifuge';
import { chooseFollowed } from '../model/follow';
import { nameOf } from '../model/format';
import { historyAfter } from '../model/history_after';
import {
  errors,
  type Channel,
  type InboxData,
  type Invitation,
  type Publication,
  type Session,
  type Sync,
} from '../model/protocol';
import { Outbox, type Entry } from '../model/outbox';
import { routeOf } from '../model/route';
import { openSocket } from '../net/socket';
import { Conversation, type ConversationHost } from './conversation';

export type Link =
  | { state: 'connecting' } // for the first time
  | { state: 'online' }
  | { state: 'lost'; retryAt: number }
  | { state: 'catchingUp' }
  | { state: 'caughtUp' };

export interface ChatHooks {
  signedOut(reason: string): void;
  heard(conversation: Conversation, publication: Publication): void;
  removed(title: string, reason: string): void;
  notice(text: string): void;
  notSent(channel: string, title: string, why: string): void; // a message of one's own, for good
  replaced(session: Session): void; // somebody else has signed in in this browser
}

const followedMax = 120; // of the 128 channels that a server gives a connection by default
const prefetchMax = 30;
const refreshMs = 60_000;
const refusedMs = 10_000;
const tooManyMs = 400;
const callsMax = 6;
const caughtUpMs = 2500;
const catchUpMaxMs = 15_000;
const historyPage = 300;

export class Chat implements ConversationHost {
  readonly client: Centrifuge;
  readonly me: string;
  readonly session;
  readonly link = signal<Link>({ state: 'connecting' });
  readonly conversations = signal<Map<string, Conversation>>(new Map());
  readonly invited = signal<Invitation[]>([]);
  readonly blocked = signal<ReadonlySet<string>>(new Set());
  readonly isSynced = signal(false);
  readonly syncError = signal('');
  readonly outboxRevision = signal(0);
  readonly outbox: Outbox;
  // Rooms by their titles, private conversations by when something was said.
  readonly rooms = computed(() => this.sorted('room'));
  readonly dms = computed(() => this.sorted('dm'));
  private pendingTops: Map<string, number> | undefined; // what catching up waits for
  private caughtUpTimer: ReturnType<typeof setTimeout> | undefined;
  private syncing: Promise<void> | undefined;
  private syncAgain = false;
  private roomFor = followedMax;
  private isEnded = false;
  private disposers: (() => void)[] = [];

  constructor(
    session: Session,
    private readonly hooks: ChatHooks,
  ) {
    this.me = session.user;
    this.session = signal(session);
    this.outbox = new Outbox(session.user, localStorage, {
      publish: async (channel, data) => {
        await this.client.publish(channel, data);
      },
      historyAfter: (channel, position) =>
        historyAfter(
          (since) => this.client.history(channel, { limit: historyPage, since }),
          position,
        ),
      position: (channel) => this.conversations.peek().get(channel)?.timeline,
      changed: () => (this.outboxRevision.value += 1),
      refused: (entry) => this.refused(entry),
      alone: (channel, run) => alone(`chirm.outbox.${this.me}#${channel}`, run),
      now: () => Date.now(),
      later: (run, ms) => void setTimeout(run, ms),
    });
    this.client = openSocket(session, {
      renewed: (fresh) => (this.session.value = fresh),
      replaced: (fresh) => {
        this.end();
        hooks.replaced(fresh);
      },
      connecting: () => this.lost(),
      retryAt: (time) => {
        if (this.link.peek().state === 'lost') this.link.value = { state: 'lost', retryAt: time };
      },
      connected: () => this.connected(),
      ended: (code, reason) => this.ended(code, reason),
    });
    this.client.on('publication', ({ channel, data }) => {
      if (channel === `user:#${this.me}`) this.inbox(data as InboxData);
    });
    this.client.connect();
    const refreshing = setInterval(() => this.refresh(), refreshMs);
    this.disposers.push(() => clearInterval(refreshing));
  }

  // --- The connection

  private lost(): void {
    if (this.isEnded) return;
    this.outbox.setOnline(false);
    this.pendingTops = undefined;
    clearTimeout(this.caughtUpTimer);
    if (this.link.peek().state !== 'connecting') this.link.value = { state: 'lost', retryAt: 0 };
  }

  private connected(): void {
    const isFirst = this.link.peek().state === 'connecting';
    this.link.value = { state: isFirst ? 'online' : 'catchingUp' };
    void this.sync();
  }

  tryNow(): void {
    this.client.disconnect();
    this.client.connect();
  }

  private ended(code: number, reason: string): void {
    if (this.isEnded || code === 0) return; // by ourselves
    this.end();
    this.hooks.signedOut(reason);
  }

  end(): void {
    if (this.isEnded) return;
    this.isEnded = true;
    clearTimeout(this.caughtUpTimer);
    this.outbox.setOnline(false);
    for (const dispose of this.disposers) dispose();
    for (const conversation of this.conversations.peek().values()) conversation.end();
    this.client.disconnect();
  }

  // Calls a method and gives its result; throws what messageOf() can tell.
  async rpc<T = Record<string, never>>(method: string, data: object = {}): Promise<T> {
    for (let attempt = 1; ; ++attempt) {
      try {
        return (await this.client.rpc(method, data)).data as T;
      } catch (error) {
        // Nothing has been done then, and a moment later it will be.
        const { code } = error as { code?: number };
        if (code !== errors.tooMany || attempt === callsMax) throw error;
        await new Promise((resolve) => setTimeout(resolve, tooManyMs * attempt));
      }
    }
  }

  // --- The list of conversations

  // Asks for the list. One at a time; who asks meanwhile has it asked once more.
  sync(): Promise<void> {
    if (this.syncing) {
      this.syncAgain = true;
      return this.syncing;
    }
    this.syncing = this.syncOnce().finally(() => {
      this.syncing = undefined;
      if (this.syncAgain) {
        this.syncAgain = false;
        void this.sync();
      }
    });
    return this.syncing;
  }

  private async syncOnce(): Promise<void> {
    try {
      this.apply(await this.rpc<Sync>('chat.sync'));
      this.syncError.value = '';
    } catch (error) {
      const { code, message } = error as { code: number; message: string };
      if (code === 104 || code === 108) this.syncError.value = message || 'no chat on this server';
      else if (!this.isEnded && this.client.state === 'connected') this.retrySync();
    }
  }

  private retrySync(): void {
    setTimeout(() => {
      if (!this.isEnded && this.client.state === 'connected') void this.sync();
    }, 1000);
  }

  private apply(sync: Sync): void {
    const next = new Map<string, Conversation>();
    const old = this.conversations.peek();
    batch(() => {
      this.blocked.value = new Set(sync.blocked ?? []);
      this.invited.value = sync.invited ?? [];
      for (const channel of sync.channels) {
        const known = old.get(channel.channel);
        known?.update(channel);
        next.set(channel.channel, known ?? new Conversation(channel, this));
      }
      // What is not listed and open is one that has just been begun.
      for (const [channel, conversation] of old) if (!next.has(channel)) conversation.end();
      this.conversations.value = next;
    });
    this.follow();
    this.catchUp(sync.channels);
    if (!this.isSynced.peek()) this.prefetch();
    this.isSynced.value = true;
    this.refreshStatuses((each) => !each.isPeerKnown);
  }

  private follow(): void {
    const all = this.conversations.peek().values();
    const { followed, others } = chooseFollowed(all, this.roomFor);
    // The SDK sends what is asked for in one turn in one message.
    this.client.startBatching();
    for (const conversation of others) conversation.unsubscribe();
    for (const conversation of followed) conversation.subscribe();
    this.client.stopBatching();
  }

  // What a conversation that is not followed has to tell is in the list only.
  private refresh(): void {
    this.refreshStatuses();
    if (this.client.state !== 'connected') return;
    if ([...this.conversations.peek().values()].some((each) => !each.isFollowed)) void this.sync();
  }

  opened(conversation: Conversation): void {
    if (!conversation.isFollowed) this.follow();
  }

  // So that unread counts are exact, and opening shows something at once.
  private prefetch(): void {
    const unread = [...this.conversations.peek().values()].filter(
      (each) => each.unread.peek().count,
    );
    for (const conversation of unread.slice(0, prefetchMax)) void conversation.loadOlder();
  }

  // Of private conversations those that are wanted, for each costs a call.
  private refreshStatuses(isWanted: (dm: Conversation) => boolean = () => true): void {
    if (this.client.state !== 'connected') return;
    const dms = this.dms.peek().slice(0, 20).filter(isWanted);
    for (const conversation of dms) void conversation.loadPresence();
    for (const conversation of this.rooms.peek()) {
      if (conversation.isWatched) void conversation.loadPresence();
    }
  }

  private sorted(kind: 'room' | 'dm'): Conversation[] {
    const all = [...this.conversations.value.values()];
    const found = all.filter((each) => each.info.value.kind === kind);
    const byTitle = (each: Conversation) => nameOf(each.info.value).toLowerCase();
    if (kind === 'room') return found.sort((a, b) => (byTitle(a) < byTitle(b) ? -1 : 1));
    return found.sort((a, b) => (b.info.value.last ?? 0) - (a.info.value.last ?? 0));
  }

  // --- Catching up

  private catchUp(channels: Channel[]): void {
    const { state } = this.link.peek();
    if (state === 'online' || state === 'caughtUp') this.outbox.setOnline(true);
    if (state !== 'catchingUp') return;
    this.pendingTops = new Map(channels.map(({ channel, top }) => [channel, top ?? 0]));
    clearTimeout(this.caughtUpTimer);
    this.caughtUpTimer = setTimeout(() => this.goOn('online'), catchUpMaxMs);
    this.settled();
  }

  settled(): void {
    if (!this.pendingTops || this.link.peek().state !== 'catchingUp') return;
    for (const [channel, top] of this.pendingTops) {
      const conversation = this.conversations.peek().get(channel);
      const isThere = conversation?.isSubscribed && conversation.timeline.top >= top;
      if (!conversation?.isFollowed || isThere) this.pendingTops.delete(channel);
    }
    if (this.pendingTops.size > 0) return;
    this.goOn('caughtUp');
    this.caughtUpTimer = setTimeout(() => {
      if (this.link.peek().state === 'caughtUp') this.link.value = { state: 'online' };
    }, caughtUpMs);
  }

  // What was missed is here, or takes too long to wait for: now what has waited goes out.
  private goOn(state: 'online' | 'caughtUp'): void {
    this.pendingTops = undefined;
    clearTimeout(this.caughtUpTimer);
    this.link.value = { state };
    this.sendReads();
    this.outbox.setOnline(true);
  }

  sendReads(): void {
    for (const conversation of this.conversations.peek().values()) conversation.sendRead();
  }

  // --- What comes in

  arrived(channel: string, id: string): void {
    this.outbox.arrived(channel, id);
  }

  heard(conversation: Conversation, publication: Publication): void {
    const info = conversation.info.peek();
    const user = publication.info?.user ?? '';
    if (info.kind === 'dm') conversation.info.value = { ...info, last: Date.now() };
    if (user !== this.me && !this.blocked.peek().has(user)) {
      this.hooks.heard(conversation, publication);
    }
  }

  private refused(entry: Entry): void {
    const { channel, error = '' } = entry;
    const known = this.conversations.peek().get(channel);
    const where = routeOf(channel, this.me);
    const unlisted = where.kind === 'dm' ? where.user : where.kind === 'room' ? where.room : '';
    this.hooks.notSent(channel, known ? nameOf(known.info.peek()) : unlisted, error);
  }

  removed(channel: string, code: number, reason: string): void {
    const conversation = this.conversations.peek().get(channel);
    if (!conversation) return;
    if (code === errors.tooManyChannels) return this.full(conversation);
    const info = conversation.info.peek();
    conversation.end();
    const next = new Map(this.conversations.peek());
    next.delete(channel);
    this.conversations.value = next;
    // 2000 is the server's word that access was lost; anything else the list has to explain.
    if (code === 2000 || code === errors.notAllowed) {
      this.hooks.removed(nameOf(info), reason);
      void this.sync();
    } else {
      setTimeout(() => void this.sync(), refusedMs); // should the list still have it
    }
  }

  // The server takes fewer channels than we thought.
  private full(conversation: Conversation): void {
    conversation.unsubscribe();
    const followed = [...this.conversations.peek().values()].filter((each) => each.isFollowed);
    this.roomFor = Math.min(this.roomFor, Math.max(1, followed.length));
    if (conversation.isWatched) this.follow();
    this.settled();
  }

  private inbox(data: InboxData): void {
    switch (data?.type) {
      case 'channel':
        void this.sync();
        break;
      case 'read':
        this.conversations.peek().get(data.channel)?.readUpTo(data.offset);
        break;
      case 'removed':
        if (this.conversations.peek().has(data.channel)) {
          this.removed(data.channel, 2000, data.reason ?? '');
        } else {
          void this.sync();
        }
        break;
      case 'notice':
        this.hooks.notice(data.text);
        break;
      case 'mention': // the message itself is counted where it stands
        if (!this.conversations.peek().get(data.channel)?.isFollowed) void this.sync();
        break;
    }
  }

  watch(run: () => void): void {
    this.disposers.push(effect(run));
  }
}

// Runs while no other tab runs something of that name. Pages without TLS have no locks.
async function alone<T>(name: string, run: () => Promise<T>): Promise<T> {
  return navigator.locks ? await navigator.locks.request(name, run) : run();
}

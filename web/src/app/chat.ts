// SPDX-License-Identifier: MIT
// A signed-in user's chat: the connection, the list of conversations, what is on its way. Made when
// somebody signs in, ended when they leave.
import { batch, computed, effect, signal } from '@preact/signals';
import type { Centrifuge } from 'centrifuge';
import { nameOf } from '../model/format';
import type { Channel, InboxData, Invitation, Publication, Session, Sync } from '../model/protocol';
import { Outbox } from '../model/outbox';
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
  session(session: Session): void;
}

const subscriptionsMax = 120; // of the 128 that a connection may have
const prefetchMax = 30;
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
  // Newest first, unread before that: as the side bar shows them.
  readonly rooms = computed(() => this.sorted('room'));
  readonly dms = computed(() => this.sorted('dm'));
  private pendingTops: Map<string, number> | undefined; // what catching up waits for
  private caughtUpTimer: ReturnType<typeof setTimeout> | undefined;
  private syncing: Promise<void> | undefined;
  private syncAgain = false;
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
      historyAfter: (channel, position) => this.historyAfter(channel, position),
      position: (channel) => this.conversations.peek().get(channel)?.timeline,
      changed: () => (this.outboxRevision.value += 1),
      now: () => Date.now(),
      later: (run, ms) => void setTimeout(run, ms),
    });
    this.client = openSocket(session, {
      session: (fresh) => {
        this.session.value = fresh;
        hooks.session(fresh);
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
    const statuses = setInterval(() => this.refreshStatuses(), 60_000);
    this.disposers.push(() => clearInterval(statuses));
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
    this.outbox.setOnline(true);
    void this.sync(!isFirst);
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
    for (const dispose of this.disposers) dispose();
    for (const conversation of this.conversations.peek().values()) conversation.end();
    this.client.disconnect();
  }

  // Calls a method and gives its result; throws what messageOf() can tell.
  async rpc<T = Record<string, never>>(method: string, data: object = {}): Promise<T> {
    return (await this.client.rpc(method, data)).data as T;
  }

  // --- The list of conversations

  // Asks for the list. One at a time; who asks meanwhile has it asked once more.
  sync(isCatchingUp = false): Promise<void> {
    if (this.syncing) {
      this.syncAgain = true;
      return this.syncing;
    }
    this.syncing = this.syncOnce(isCatchingUp).finally(() => {
      this.syncing = undefined;
      if (this.syncAgain) {
        this.syncAgain = false;
        void this.sync();
      }
    });
    return this.syncing;
  }

  private async syncOnce(isCatchingUp: boolean): Promise<void> {
    try {
      this.apply(await this.rpc<Sync>('chat.sync'), isCatchingUp);
      this.syncError.value = '';
    } catch (error) {
      const { code, message } = error as { code: number; message: string };
      if (code === 104 || code === 108) this.syncError.value = message || 'no chat on this server';
      else if (!this.isEnded && this.client.state === 'connected') this.retrySync(isCatchingUp);
    }
  }

  private retrySync(isCatchingUp: boolean): void {
    setTimeout(() => {
      if (!this.isEnded && this.client.state === 'connected') void this.sync(isCatchingUp);
    }, 1000);
  }

  private apply(sync: Sync, isCatchingUp: boolean): void {
    const next = new Map<string, Conversation>();
    const old = this.conversations.peek();
    batch(() => {
      this.blocked.value = new Set(sync.blocked ?? []);
      this.invited.value = sync.invited ?? [];
      for (const channel of sync.channels) {
        const known = old.get(channel.channel);
        if (known) {
          known.info.value = channel;
          known.readUpTo(channel.read ?? 0);
        }
        next.set(channel.channel, known ?? new Conversation(channel, this));
      }
      // What is not listed and open is one that has just been begun.
      for (const [channel, conversation] of old) if (!next.has(channel)) conversation.end();
      this.conversations.value = next;
    });
    this.subscribeAll();
    this.catchUp(isCatchingUp ? sync.channels : []);
    if (!this.isSynced.peek()) this.prefetch();
    this.isSynced.value = true;
    this.refreshStatuses();
  }

  private subscribeAll(): void {
    const all = [...this.conversations.peek().values()];
    all.sort((a, b) => (b.info.peek().last ?? 0) - (a.info.peek().last ?? 0));
    // The SDK sends what is asked for in one turn in one message.
    this.client.startBatching();
    for (const conversation of all.slice(0, subscriptionsMax)) conversation.subscribe();
    this.client.stopBatching();
  }

  // So that unread counts are exact, and opening shows something at once.
  private prefetch(): void {
    const unread = [...this.conversations.peek().values()].filter(
      (each) => each.unread.peek().count,
    );
    for (const conversation of unread.slice(0, prefetchMax)) void conversation.loadOlder();
  }

  private refreshStatuses(): void {
    if (this.client.state !== 'connected') return;
    for (const conversation of this.dms.peek().slice(0, 20)) void conversation.loadPresence();
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
    if (this.link.peek().state !== 'catchingUp') return;
    this.pendingTops = new Map(channels.map(({ channel, top }) => [channel, top ?? 0]));
    this.caughtUpTimer = setTimeout(() => {
      if (this.link.peek().state === 'catchingUp') this.link.value = { state: 'online' };
    }, catchUpMaxMs);
    this.settled();
  }

  settled(): void {
    if (!this.pendingTops || this.link.peek().state !== 'catchingUp') return;
    for (const [channel, top] of this.pendingTops) {
      const conversation = this.conversations.peek().get(channel);
      if (!conversation || (conversation.isSubscribed && conversation.timeline.top >= top)) {
        this.pendingTops.delete(channel);
      }
    }
    if (this.pendingTops.size === 0) this.caughtUp();
  }

  private caughtUp(): void {
    this.pendingTops = undefined;
    clearTimeout(this.caughtUpTimer);
    this.link.value = { state: 'caughtUp' };
    for (const conversation of this.conversations.peek().values()) conversation.sendRead();
    this.caughtUpTimer = setTimeout(() => {
      if (this.link.peek().state === 'caughtUp') this.link.value = { state: 'online' };
    }, caughtUpMs);
  }

  // --- What comes in

  arrived(channel: string, id: string): void {
    this.outbox.arrived(channel, id);
  }

  heard(conversation: Conversation, publication: Publication): void {
    const info = conversation.info.peek();
    if (info.kind === 'dm') conversation.info.value = { ...info, last: Date.now() };
    if (!this.blocked.peek().has(publication.info?.user ?? '')) {
      this.hooks.heard(conversation, publication);
    }
  }

  removed(channel: string, code: number, reason: string): void {
    const conversation = this.conversations.peek().get(channel);
    if (!conversation) return;
    const info = conversation.info.peek();
    conversation.end();
    const next = new Map(this.conversations.peek());
    next.delete(channel);
    this.conversations.value = next;
    // 2000 is the server's word that access was lost; anything else the list has to explain.
    if (code === 2000 || code === 103) {
      this.hooks.removed(info.kind === 'room' ? info.title || info.room : info.name, reason);
    }
    void this.sync();
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
      case 'mention':
        break; // the message itself is counted where it stands
    }
  }

  private async historyAfter(channel: string, since: { offset: number; epoch: string }) {
    const found: Publication[] = [];
    for (;;) {
      const page = await this.client.history(channel, { limit: historyPage, since });
      found.push(...page.publications);
      const last = page.publications.at(-1)?.offset;
      if (last === undefined || last >= page.offset) return found;
      since = { offset: last, epoch: page.epoch };
    }
  }

  onDispose(dispose: () => void): void {
    this.disposers.push(dispose);
  }

  watch(run: () => void): void {
    this.disposers.push(effect(run));
  }
}

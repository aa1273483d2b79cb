// SPDX-License-Identifier: MIT
// A signed-in user's chat: the connection, the list of conversations, what is on its way. Made when
// somebody signs in, ended when they leave.
import { batch, computed, effect, signal } from '@preact/signals';
import type { Centrifuge } from 'centrifuge';
import { codeOf, disconnects, errors, unsubscribes } from '../model/codes';
import { nameOf } from '../model/format';
import { historyAfter } from '../model/history_after';
import { oneAtATime } from '../model/one_at_a_time';
import { Outbox, type Entry } from '../model/outbox';
import type { InboxData, Invitation, Publication, Session, Sync } from '../model/protocol';
import { routeOf } from '../model/route';
import { openSocket } from '../net/socket';
import { CatchUp } from './catch_up';
import { Conversation, type ConversationHost } from './conversation';
import { Following } from './following';

export interface ChatHooks {
  signedOut(reason: string): void;
  heard(conversation: Conversation, publication: Publication): void;
  removed(title: string, reason: string): void;
  notice(text: string): void;
  notSent(channel: string, title: string, why: string): void; // a message of one's own, for good
  replaced(session: Session): void; // somebody else has signed in in this browser
}

const prefetchMax = 30;
const statusesMax = 20;
const refreshMs = 60_000;
const refusedMs = 10_000;
const syncRetryMs = 1000;
const tooManyMs = 400;
const callsMax = 6;
const historyPage = 300;

// More than 15 members: most of them are the signals that the components read.
export class Chat implements ConversationHost {
  readonly client: Centrifuge;
  readonly me: string;
  readonly session;
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
  // Asks for the list of conversations.
  readonly sync = oneAtATime(() => this.syncOnce());
  private readonly catchUp: CatchUp;
  private readonly following: Following;
  private isEnded = false;
  private disposers: (() => void)[] = [];

  constructor(
    session: Session,
    private readonly hooks: ChatHooks,
  ) {
    this.me = session.user;
    this.session = signal(session);
    this.catchUp = new CatchUp({
      isThere: (channel, top) => this.isThere(channel, top),
      caughtUp: () => this.sendReads(),
      mayPublish: () => this.outbox.setOnline(true),
    });
    this.outbox = this.makeOutbox();
    this.client = openSocket(session, {
      renewed: (fresh) => (this.session.value = fresh),
      replaced: (fresh) => {
        this.end();
        hooks.replaced(fresh);
      },
      connecting: () => this.lost(),
      retryAt: (time) => this.catchUp.retryAt(time),
      connected: () => {
        this.catchUp.connected();
        void this.sync();
      },
      ended: (code, reason) => this.ended(code, reason),
    });
    this.following = new Following(this.client, () => this.conversations.peek().values());
    this.client.on('publication', ({ channel, data }) => {
      if (channel === `user:#${this.me}`) this.inbox(data as InboxData);
    });
    this.client.connect();
    const refreshing = setInterval(() => this.refresh(), refreshMs);
    this.disposers.push(() => clearInterval(refreshing));
  }

  // --- The connection

  get link() {
    return this.catchUp.link;
  }

  private lost(): void {
    if (this.isEnded) return;
    this.outbox.setOnline(false);
    this.catchUp.lost();
  }

  tryNow(): void {
    this.client.disconnect();
    this.client.connect();
  }

  private ended(code: number, reason: string): void {
    if (this.isEnded || code === disconnects.byOurselves) return;
    this.end();
    this.hooks.signedOut(reason);
  }

  end(): void {
    if (this.isEnded) return;
    this.isEnded = true;
    this.catchUp.end();
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
        if (codeOf(error) !== errors.tooManyRequests || attempt === callsMax) throw error;
        await new Promise((resolve) => setTimeout(resolve, tooManyMs * attempt));
      }
    }
  }

  // --- The list of conversations

  private async syncOnce(): Promise<void> {
    try {
      this.apply(await this.rpc<Sync>('chat.sync'));
      this.syncError.value = '';
    } catch (error) {
      const { message } = error as { message?: string };
      if (isWithoutChat(error)) this.syncError.value = message || 'no chat on this server';
      // Without a connection the next one asks again.
      else if (!this.isEnded && this.client.state === 'connected') this.retrySync();
    }
  }

  private retrySync(): void {
    setTimeout(() => {
      if (!this.isEnded && this.client.state === 'connected') void this.sync();
    }, syncRetryMs);
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
      // A conversation that is not listed any more is gone.
      for (const [channel, conversation] of old) if (!next.has(channel)) conversation.end();
      this.conversations.value = next;
    });
    this.following.choose();
    this.catchUp.listed(sync.channels);
    if (!this.isSynced.peek()) this.prefetch();
    this.isSynced.value = true;
    this.refreshStatuses((each) => !each.presence.isPeerKnown);
  }

  // Only the list tells what happens in conversations that are not followed.
  private refresh(): void {
    this.refreshStatuses();
    if (this.client.state !== 'connected') return;
    if ([...this.conversations.peek().values()].some((each) => !each.isFollowed)) void this.sync();
  }

  opened(conversation: Conversation): void {
    if (!conversation.isFollowed) this.following.choose();
  }

  // So that unread counts are exact, and opening shows something at once.
  private prefetch(): void {
    const unread = [...this.conversations.peek().values()].filter(
      (each) => each.unread.peek().count,
    );
    for (const conversation of unread.slice(0, prefetchMax)) void conversation.loadOlder();
  }

  // Not of all private conversations, for each costs a call.
  private refreshStatuses(isWanted: (dm: Conversation) => boolean = () => true): void {
    if (this.client.state !== 'connected') return;
    const dms = this.dms.peek().slice(0, statusesMax).filter(isWanted);
    for (const conversation of dms) void conversation.presence.load();
    for (const conversation of this.rooms.peek()) {
      if (conversation.isWatched) void conversation.presence.load();
    }
  }

  private sorted(kind: 'room' | 'dm'): Conversation[] {
    const all = [...this.conversations.value.values()];
    const found = all.filter((each) => each.info.value.kind === kind);
    const byTitle = (each: Conversation) => nameOf(each.info.value).toLowerCase();
    if (kind === 'room') return found.sort((a, b) => (byTitle(a) < byTitle(b) ? -1 : 1));
    return found.sort((a, b) => (b.info.value.last ?? 0) - (a.info.value.last ?? 0));
  }

  settled(): void {
    this.catchUp.settled();
  }

  // What is not followed is not waited for: the list has told of it.
  private isThere(channel: string, top: number): boolean {
    const conversation = this.conversations.peek().get(channel);
    if (!conversation?.isFollowed) return true;
    return conversation.isSubscribed && conversation.timeline.top >= top;
  }

  sendReads(): void {
    for (const conversation of this.conversations.peek().values()) conversation.readMark.send();
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

  removed(channel: string, code: number, reason: string): void {
    const conversation = this.conversations.peek().get(channel);
    if (!conversation) return;
    if (code === errors.limitExceeded) {
      this.following.full(conversation);
      return this.settled();
    }
    const info = conversation.info.peek();
    conversation.end();
    const next = new Map(this.conversations.peek());
    next.delete(channel);
    this.conversations.value = next;
    // Either of them means that access was lost. After any other code the list tells what is the
    // case.
    if (code === unsubscribes.server || code === errors.permissionDenied) {
      this.hooks.removed(nameOf(info), reason);
      void this.sync();
    } else {
      setTimeout(() => void this.sync(), refusedMs); // should the list still have it
    }
  }

  private inbox(data: InboxData): void {
    switch (data?.type) {
      case 'channel':
      case 'dismissed':
        void this.sync();
        break;
      case 'read':
        this.conversations.peek().get(data.channel)?.readMark.heard(data.offset);
        break;
      case 'removed':
        if (this.conversations.peek().has(data.channel)) {
          this.removed(data.channel, unsubscribes.server, data.reason ?? '');
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

  // --- What is on its way

  private makeOutbox(): Outbox {
    return new Outbox(this.me, localStorage, {
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
  }

  private refused(entry: Entry): void {
    const { channel, error = '' } = entry;
    const known = this.conversations.peek().get(channel);
    const where = routeOf(channel, this.me);
    const unlisted = where.kind === 'dm' ? where.user : where.kind === 'room' ? where.room : '';
    this.hooks.notSent(channel, known ? nameOf(known.info.peek()) : unlisted, error);
  }
}

// The server has connections but no rooms: nothing to be tried again.
function isWithoutChat(error: unknown): boolean {
  const code = codeOf(error);
  return code === errors.methodNotFound || code === errors.notAvailable;
}

// Runs while no other tab runs something of that name. Pages without TLS have no locks.
async function alone<T>(name: string, run: () => Promise<T>): Promise<T> {
  return navigator.locks ? await navigator.locks.request(name, run) : run();
}

// SPDX-License-Identifier: MIT
// Messages that are on their way: kept in the browser's storage until they are acknowledged, sent
// in order within a conversation, and once: the server knows the id of what it has stored.
import type { MessageData, Publication } from './protocol';
import { errors } from './protocol';

export interface Entry {
  id: string;
  channel: string;
  data: MessageData & { id: string; type: 'message' };
  state: 'waiting' | 'sending' | 'sent' | 'failed';
  error?: string;
  // When and behind which offset it was first sent. After the server has forgotten ids, only the
  // history can tell whether it arrived.
  tried?: { time: number; top: number; epoch: string };
}

export interface OutboxHooks {
  publish(channel: string, data: unknown): Promise<void>;
  // The publications behind that position, in order; rejects when they are not all there.
  historyAfter(
    channel: string,
    position: { offset: number; epoch: string },
  ): Promise<Publication[]>;
  // Where the conversation stands as far as is known.
  position(channel: string): { top: number; epoch: string } | undefined;
  changed(channel: string): void;
  now(): number;
  later(run: () => void, ms: number): void;
}

// A minute less than chirmd remembers ids for.
const idsRememberedMs = 4 * 60_000;
const retryMs = 1000;

type Storage = Pick<globalThis.Storage, 'getItem' | 'setItem' | 'removeItem' | 'key' | 'length'>;

export class Outbox {
  private entries: Entry[] = [];
  private busy = new Set<string>(); // channels with a publish under way
  private isOnline = false;
  private readonly prefix: string;

  constructor(
    private readonly user: string,
    private readonly storage: Storage,
    private readonly hooks: OutboxHooks,
  ) {
    this.prefix = `chirm.outbox.${user}.`;
    this.load();
  }

  of(channel: string): Entry[] {
    return this.entries.filter((entry) => entry.channel === channel);
  }

  // What is neither sent nor given up.
  get pending(): number {
    return this.entries.filter(({ state }) => state === 'waiting' || state === 'sending').length;
  }

  add(channel: string, data: Entry['data']): void {
    const entry: Entry = { id: data.id, channel, data, state: 'waiting' };
    this.entries.push(entry);
    this.save(entry);
    this.hooks.changed(channel);
    void this.run(channel);
  }

  retry(id: string): void {
    const entry = this.entries.find((each) => each.id === id);
    if (entry?.state !== 'failed') return;
    entry.state = 'waiting';
    delete entry.error;
    this.save(entry);
    this.hooks.changed(entry.channel);
    void this.run(entry.channel);
  }

  discard(id: string): void {
    const entry = this.entries.find((each) => each.id === id);
    if (!entry || entry.state === 'sending') return;
    this.drop(entry);
  }

  // A publication of this user came back: what it stands for is no longer on its way.
  arrived(channel: string, id: string): void {
    const entry = this.entries.find((each) => each.id === id && each.channel === channel);
    if (entry) this.drop(entry);
  }

  setOnline(isOnline: boolean): void {
    this.isOnline = isOnline;
    if (!isOnline) return;
    for (const channel of new Set(this.entries.map((each) => each.channel))) void this.run(channel);
  }

  clear(): void {
    for (const entry of this.entries) this.storage.removeItem(this.prefix + entry.id);
    this.entries = [];
  }

  private async run(channel: string): Promise<void> {
    if (!this.isOnline || this.busy.has(channel)) return;
    const entry = this.entries.find((each) => each.channel === channel && each.state === 'waiting');
    if (!entry) return;
    this.busy.add(channel);
    const goOn = await this.send(entry);
    this.busy.delete(channel);
    if (goOn) return this.run(channel);
    this.hooks.later(() => void this.run(channel), retryMs);
  }

  // True when the next one may follow.
  private async send(entry: Entry): Promise<boolean> {
    this.set(entry, 'sending');
    try {
      if (entry.tried && this.hooks.now() - entry.tried.time > idsRememberedMs) {
        if (await this.wasStored(entry)) {
          this.drop(entry);
          return true;
        }
        delete entry.tried;
      }
      if (!entry.tried) {
        const { top, epoch } = this.hooks.position(entry.channel) ?? { top: 0, epoch: '' };
        entry.tried = { time: this.hooks.now(), top, epoch };
        this.save(entry);
      }
      await this.hooks.publish(entry.channel, entry.data);
      this.storage.removeItem(this.prefix + entry.id);
      this.set(entry, 'sent');
      return true;
    } catch (error) {
      return this.failed(entry, error);
    }
  }

  private failed(entry: Entry, error: unknown): boolean {
    const { code, message } = (error ?? {}) as { code?: number; message?: string };
    const isFinal =
      code === errors.notAllowed ||
      code === errors.badRequest ||
      code === errors.notFound ||
      code === errors.exists ||
      code === 102 ||
      code === unknownFate;
    if (!isFinal) {
      this.set(entry, 'waiting');
      return false;
    }
    entry.error = message ?? 'not accepted';
    // Sending it again is the user's choice, and then it is a new attempt.
    if (code === unknownFate) delete entry.tried;
    this.set(entry, 'failed');
    this.save(entry);
    return true;
  }

  private async wasStored(entry: Entry): Promise<boolean> {
    const { top, epoch } = entry.tried!;
    let publications: Publication[];
    try {
      publications = await this.hooks.historyAfter(entry.channel, { offset: top, epoch });
    } catch (error) {
      const code = (error as { code?: number }).code;
      if (code !== 112) throw error;
      throw { code: unknownFate, message: 'It is not known whether this was sent.' };
    }
    return publications.some(
      ({ data, info }) => (data as MessageData)?.id === entry.id && info?.user === this.user,
    );
  }

  private set(entry: Entry, state: Entry['state']): void {
    if (!this.entries.includes(entry)) return; // arrived meanwhile
    entry.state = state;
    this.hooks.changed(entry.channel);
  }

  private drop(entry: Entry): void {
    this.entries = this.entries.filter((each) => each !== entry);
    this.storage.removeItem(this.prefix + entry.id);
    this.hooks.changed(entry.channel);
  }

  private save(entry: Entry): void {
    const state = entry.state === 'failed' ? 'failed' : 'waiting';
    try {
      this.storage.setItem(this.prefix + entry.id, JSON.stringify({ ...entry, state }));
    } catch {
      // Storage is full or forbidden: it is sent all the same, and lost only with the tab.
    }
  }

  private load(): void {
    const found: Entry[] = [];
    for (let i = 0; i < this.storage.length; ++i) {
      const key = this.storage.key(i);
      if (!key?.startsWith(this.prefix)) continue;
      try {
        const entry = JSON.parse(this.storage.getItem(key) ?? '') as Entry;
        if (typeof entry.id === 'string' && typeof entry.channel === 'string') found.push(entry);
      } catch {
        this.storage.removeItem(key);
      }
    }
    this.entries = found.sort((a, b) => (a.data.time ?? 0) - (b.data.time ?? 0));
  }
}

const unknownFate = -1;

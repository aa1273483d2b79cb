// SPDX-License-Identifier: MIT
// Messages that are on their way: kept in the browser's storage until they are acknowledged, sent
// in order within a conversation, and stored once, for the server recognises the id of what it has
// stored. All tabs of a browser share that storage: when a tab and the storage differ, the storage
// is right.
import { codeOf, errors } from './codes';
import type { Position } from './history_after';
import type { MessageData, Publication } from './protocol';

export interface Entry {
  id: string;
  channel: string;
  data: MessageData & { id: string; type: 'message' };
  state: 'waiting' | 'sending' | 'sent' | 'failed';
  error?: string;
  // When it was written and behind which offset. After the server has forgotten ids, only the
  // history since then can tell whether it arrived.
  since: { time: number; top: number; epoch: string };
  isTried?: boolean; // a tab has begun to send it
}

export interface OutboxHooks {
  publish(channel: string, data: unknown): Promise<void>;
  // The publications behind that position, in order; rejects when they are not all there.
  historyAfter(channel: string, position: Position): Promise<Publication[]>;
  // Where the conversation stands as far as is known.
  position(channel: string): { top: number; epoch: string } | undefined;
  changed(channel: string): void;
  refused(entry: Entry): void; // for good
  // Runs while no other tab of this user runs something for the channel.
  alone(channel: string, run: () => Promise<boolean>): Promise<boolean>;
  now(): number;
  later(run: () => void, ms: number): void;
}

// A minute less than chirmd remembers ids for by default.
const idsRememberedMs = 4 * 60_000;
const retryMs = 1000;

type Storage = Pick<globalThis.Storage, 'getItem' | 'setItem' | 'removeItem' | 'key' | 'length'>;

export class Outbox {
  private entries: Entry[] = [];
  private kept = new Set<Entry>(); // the entries that the storage has taken
  private busy = new Set<string>(); // channels with a publish under way
  private isOnline = false;
  private readonly prefix: string;

  constructor(
    private readonly user: string,
    private readonly storage: Storage,
    private readonly hooks: OutboxHooks,
  ) {
    this.prefix = `chirm.outbox.${user}#`; // no user's name has a #
    this.load();
  }

  of(channel: string): Entry[] {
    return this.entries.filter((entry) => entry.channel === channel);
  }

  // What is neither sent nor given up.
  get pending(): number {
    return this.entries.filter(({ state }) => state === 'waiting' || state === 'sending').length;
  }

  // What would be lost with this outbox.
  get unsent(): number {
    return this.entries.filter(({ state }) => state !== 'sent').length;
  }

  hasFailed(channel: string): boolean {
    return this.entries.some((each) => each.channel === channel && each.state === 'failed');
  }

  add(channel: string, data: Entry['data']): void {
    const since = this.here(channel);
    const entry: Entry = { id: data.id, channel, data, state: 'waiting', since };
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

  // Forgets everything, also what other tabs have written.
  clear(): void {
    for (const key of this.keys()) this.storage.removeItem(key);
    this.entries = [];
    this.kept.clear();
  }

  // Another tab has taken it out of the storage: it is sent or given up.
  removedElsewhere(key: string): void {
    const entry = [...this.kept].find((each) => key === this.prefix + each.id);
    if (entry && (entry.state === 'waiting' || entry.state === 'failed')) this.drop(entry);
  }

  private here(channel: string): Entry['since'] {
    const { top, epoch } = this.hooks.position(channel) ?? { top: 0, epoch: '' };
    return { time: this.hooks.now(), top, epoch };
  }

  private async run(channel: string): Promise<void> {
    if (!this.isOnline || this.busy.has(channel)) return;
    if (!this.next(channel)) return;
    this.busy.add(channel);
    const goOn = await this.hooks
      .alone(channel, async () => {
        const entry = this.isOnline ? this.next(channel) : undefined;
        return entry ? this.send(entry) : false;
      })
      .catch(() => false);
    this.busy.delete(channel);
    if (goOn) return this.run(channel);
    this.hooks.later(() => void this.run(channel), retryMs);
  }

  private next(channel: string): Entry | undefined {
    return this.entries.find((each) => each.channel === channel && each.state === 'waiting');
  }

  // True when the next one may follow.
  private async send(entry: Entry): Promise<boolean> {
    if (!this.isStillOurs(entry)) return true;
    this.set(entry, 'sending');
    try {
      if (this.hooks.now() - entry.since.time > idsRememberedMs) {
        if (await this.wasStored(entry)) {
          this.drop(entry);
          return true;
        }
        entry.since = this.here(entry.channel);
      }
      if (!this.entries.includes(entry)) return true; // arrived meanwhile
      entry.isTried = true;
      this.save(entry);
      await this.hooks.publish(entry.channel, entry.data);
      this.storage.removeItem(this.prefix + entry.id);
      this.set(entry, 'sent');
      return true;
    } catch (error) {
      return this.failed(entry, error);
    }
  }

  // Another tab may have sent it, given it up or begun to send it.
  private isStillOurs(entry: Entry): boolean {
    if (!this.kept.has(entry)) return true;
    const stored = parse(this.storage.getItem(this.prefix + entry.id));
    if (!stored) {
      this.drop(entry);
      return false;
    }
    entry.since = stored.since;
    if (stored.isTried) entry.isTried = true;
    if (stored.state !== 'failed') return true;
    entry.error = stored.error ?? '';
    this.set(entry, 'failed');
    return false;
  }

  private failed(entry: Entry, error: unknown): boolean {
    const { code, message } = (error ?? {}) as { code?: number; message?: string };
    if (!isFinal(code)) {
      this.set(entry, 'waiting');
      return false;
    }
    if (!this.entries.includes(entry)) return true;
    entry.error = message ?? 'not accepted';
    if (code === unknownFate) {
      // Sending it again is the user's choice, and then it is a new attempt.
      entry.since = this.here(entry.channel);
      delete entry.isTried;
    }
    this.set(entry, 'failed');
    this.save(entry);
    this.hooks.refused(entry);
    return true;
  }

  private async wasStored({ id, channel, since, isTried }: Entry): Promise<boolean> {
    const position = { offset: since.top, epoch: since.epoch };
    let publications: Publication[];
    try {
      publications = await this.hooks.historyAfter(channel, position);
    } catch (error) {
      if (codeOf(error) !== errors.unrecoverablePosition) throw error;
      if (!isTried) return false;
      throw { code: unknownFate, message: 'It is not known whether this was sent.' };
    }
    return publications.some(
      ({ data, info }) => (data as MessageData)?.id === id && info?.user === this.user,
    );
  }

  private set(entry: Entry, state: Entry['state']): void {
    if (!this.entries.includes(entry)) return; // arrived meanwhile
    entry.state = state;
    this.hooks.changed(entry.channel);
  }

  private drop(entry: Entry): void {
    this.entries = this.entries.filter((each) => each !== entry);
    this.kept.delete(entry);
    this.storage.removeItem(this.prefix + entry.id);
    this.hooks.changed(entry.channel);
  }

  private save(entry: Entry): void {
    if (!this.entries.includes(entry)) return; // arrived meanwhile
    const state = entry.state === 'failed' ? 'failed' : 'waiting';
    try {
      this.storage.setItem(this.prefix + entry.id, JSON.stringify({ ...entry, state }));
      this.kept.add(entry);
    } catch {
      // Storage is full or forbidden: it is sent all the same, and lost only with the tab.
    }
  }

  private keys(): string[] {
    const all = Array.from({ length: this.storage.length }, (_, i) => this.storage.key(i));
    return all.filter((key): key is string => key?.startsWith(this.prefix) ?? false);
  }

  private load(): void {
    for (const key of this.keys()) {
      const entry = parse(this.storage.getItem(key));
      if (entry && key === this.prefix + entry.id) this.entries.push(entry);
      else this.storage.removeItem(key);
    }
    this.entries.sort((a, b) => a.since.time - b.since.time);
    this.kept = new Set(this.entries);
  }
}

const unknownFate = -1;

const isFinal = (code: number | undefined): boolean =>
  code === errors.permissionDenied ||
  code === errors.badRequest ||
  code === errors.notFound ||
  code === errors.conflict ||
  code === errors.unknownChannel ||
  code === unknownFate;

// An entry of the storage, in which anything may stand.
function parse(text: string | null): Entry | undefined {
  try {
    const entry = JSON.parse(text ?? '') as Entry;
    const { id, channel, data, since } = entry;
    const isEntry =
      typeof id === 'string' &&
      typeof channel === 'string' &&
      data.id === id &&
      typeof data.text === 'string' &&
      [since.time, since.top].every((each) => typeof each === 'number') &&
      typeof since.epoch === 'string';
    const state = entry.state === 'failed' ? 'failed' : 'waiting';
    return isEntry ? { ...entry, state } : undefined;
  } catch {
    return undefined;
  }
}

// SPDX-License-Identifier: MIT
// How the connection is, as people are told. After it was lost there is a time of catching up:
// until each conversation has got what was said meanwhile, nothing that has waited goes out.
import { signal } from '@preact/signals';
import type { Channel } from '../model/protocol';

export type Link =
  | { state: 'connecting' } // for the first time
  | { state: 'online' }
  | { state: 'lost'; retryAt: number } // Unix milliseconds, 0 when it is not known
  | { state: 'catchingUp' }
  | { state: 'caughtUp' }; // a moment ago

export interface CatchUpHooks {
  // The conversation has got everything up to that offset, or will not get it.
  isThere(channel: string, top: number): boolean;
  caughtUp(): void;
  mayPublish(): void;
}

const caughtUpShownMs = 2500;
const catchUpMaxMs = 15_000; // what takes longer is not waited for

export class CatchUp {
  readonly link = signal<Link>({ state: 'connecting' });
  private missing: Map<string, number> | undefined; // channel → offset that is to come
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly hooks: CatchUpHooks) {}

  lost(): void {
    this.missing = undefined;
    clearTimeout(this.timer);
    if (this.link.peek().state !== 'connecting') this.link.value = { state: 'lost', retryAt: 0 };
  }

  retryAt(time: number): void {
    if (this.link.peek().state === 'lost') this.link.value = { state: 'lost', retryAt: time };
  }

  connected(): void {
    const isFirst = this.link.peek().state === 'connecting';
    this.link.value = { state: isFirst ? 'online' : 'catchingUp' };
  }

  // The list of conversations has come, which says how far each of them goes.
  listed(channels: Channel[]): void {
    const { state } = this.link.peek();
    if (state === 'online' || state === 'caughtUp') this.hooks.mayPublish();
    if (state !== 'catchingUp') return;
    this.missing = new Map(channels.map(({ channel, top }) => [channel, top ?? 0]));
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.goOn('online'), catchUpMaxMs);
    this.settled();
  }

  // Some conversation is further than before.
  settled(): void {
    if (!this.missing || this.link.peek().state !== 'catchingUp') return;
    for (const [channel, top] of this.missing) {
      if (this.hooks.isThere(channel, top)) this.missing.delete(channel);
    }
    if (this.missing.size > 0) return;
    this.goOn('caughtUp');
    this.timer = setTimeout(() => {
      if (this.link.peek().state === 'caughtUp') this.link.value = { state: 'online' };
    }, caughtUpShownMs);
  }

  end(): void {
    clearTimeout(this.timer);
  }

  private goOn(state: 'online' | 'caughtUp'): void {
    this.missing = undefined;
    clearTimeout(this.timer);
    this.link.value = { state };
    this.hooks.caughtUp();
    this.hooks.mayPublish();
  }
}

// SPDX-License-Identifier: MIT
// Who types in a conversation, and telling the others that one does oneself.
import { signal } from '@preact/signals';
import type { Publication } from '../model/protocol';

const shownMs = 6000;
const tellEachMs = 3200; // the server's 3 s and some

export class Typing {
  readonly people = signal<Map<string, { name: string; until: number }>>(new Map());
  private toldAt = 0;
  private timer: ReturnType<typeof setTimeout> | undefined; // runs while it is to be told

  constructor(private readonly tell: () => void) {}

  // The reader has typed something. It is told once in a while, for the server passes on no more; a
  // message that was sent since does not make it sooner.
  begin(): void {
    if (this.timer !== undefined) return;
    this.timer = setTimeout(() => {
      this.timer = undefined;
      this.toldAt = Date.now();
      this.tell();
    }, this.toldAt + tellEachMs - Date.now());
  }

  stop(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
  }

  // Somebody else types. Nobody says when they stop, so it is over after a while.
  heard({ info }: Publication): void {
    if (!info) return;
    const told = (info.connInfo as { name?: unknown } | null | undefined)?.name;
    const name = typeof told === 'string' && told !== '' ? told : info.user;
    const next = new Map(this.people.value);
    next.set(info.user, { name, until: Date.now() + shownMs });
    this.people.value = next;
    setTimeout(() => {
      const entry = this.people.value.get(info.user);
      if (entry && entry.until <= Date.now()) this.stopped(info.user);
    }, shownMs + 50); // a timer may come a little early
  }

  stopped(user: string): void {
    if (!this.people.value.has(user)) return;
    const next = new Map(this.people.value);
    next.delete(user);
    this.people.value = next;
  }
}

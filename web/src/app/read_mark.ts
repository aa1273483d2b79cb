// SPDX-License-Identifier: MIT
// Up to where the reader has read a conversation, on whatever device, and telling the server.
import type { Channel } from '../model/protocol';

const sendDelayMs = 400; // several messages are read in that time, and told in one call

export interface ReadMarkHooks {
  changed(): void;
  send(offset: number): Promise<unknown>;
}

export class ReadMark {
  offset: number; // of the last entry that is read
  private epoch: string; // the log whose offset that is
  private sent: number; // the server knows this much
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    channel: Channel,
    private readonly hooks: ReadMarkHooks,
  ) {
    this.offset = this.sent = channel.read ?? 0;
    this.epoch = channel.epoch ?? '';
  }

  // Read here.
  advance(offset: number): void {
    if (offset <= this.offset) return;
    this.offset = offset;
    this.hooks.changed();
    // The next message does not put it off: of somebody who reads without a pause it is told, too.
    this.timer ??= setTimeout(() => this.send(), sendDelayMs);
  }

  // Read on another device, or told by the list: then of a log that may have begun anew.
  heard(offset: number, epoch = this.epoch): void {
    if (epoch !== this.epoch) return this.startOver(offset, epoch);
    if (offset <= this.offset) return;
    this.offset = offset;
    this.sent = Math.max(this.sent, offset);
    this.hooks.changed();
  }

  // The log has that epoch: nothing of it is read when it is another one.
  follow(epoch: string): void {
    if (epoch !== this.epoch) this.startOver(0, epoch);
  }

  // The same log has another epoch now: its offsets stay what they are.
  rename(epoch: string): void {
    this.epoch = epoch;
  }

  send(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    if (this.offset <= this.sent) return;
    const was = this.sent;
    this.sent = this.offset;
    this.hooks.send(this.offset).catch(() => {
      this.sent = Math.min(this.sent, was); // sent with the next one, or after catching up
    });
  }

  end(): void {
    clearTimeout(this.timer);
  }

  private startOver(offset: number, epoch: string): void {
    this.offset = this.sent = offset;
    this.epoch = epoch;
    this.hooks.changed();
  }
}

// SPDX-License-Identifier: MIT
// Who is there: in a room, or at the other end of a private conversation.
import { signal } from '@preact/signals';
import type { Centrifuge } from 'centrifuge';
import type { Channel, Present, Status } from '../model/protocol';

export class Presence {
  // In a room; undefined before it has been asked for.
  readonly people = signal<{ count: number; users?: Present[] } | undefined>(undefined);
  readonly peerStatus = signal<Status>('offline'); // of a private conversation's other side
  readonly peerSeen = signal(0); // when they went, Unix milliseconds; 0 when nobody has told
  isPeerKnown = false; // they have been asked for
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly client: Centrifuge,
    private readonly info: { peek(): Channel },
    private readonly isWatched: () => boolean, // the conversation is open in the window
  ) {}

  end(): void {
    clearTimeout(this.timer);
  }

  // Somebody came or went. When many do at once, as after a node has died, this asks once, and not
  // in the same moment as all other clients.
  changed(): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.load(), 300 + Math.random() * 500);
  }

  async load(): Promise<void> {
    const info = this.info.peek();
    try {
      if (info.kind === 'dm') {
        this.isPeerKnown = true;
        const { data } = await this.client.rpc('chat.user', { user: info.user });
        this.peerStatus.value = data.status ?? 'offline';
        this.peerSeen.value = data.last_seen ?? 0;
      } else if (this.people.peek() !== undefined || this.isWatched()) {
        const { data } = await this.client.rpc('chat.presence', { channel: info.channel });
        this.people.value = data;
      }
    } catch {
      // Stays as it was; the next change or the timer asks again.
    }
  }
}

// SPDX-License-Identifier: MIT
// Which conversations are subscribed to: a server lets a connection follow a limited number. Only
// the list of conversations tells what happens in the others.
import type { Centrifuge } from 'centrifuge';
import { chooseFollowed } from '../model/follow';
import type { Conversation } from './conversation';

const followedMax = 120; // of the 128 channels that a server gives a connection by default

export class Following {
  private max = followedMax;

  constructor(
    private readonly client: Centrifuge,
    private readonly all: () => Iterable<Conversation>,
  ) {}

  choose(): void {
    const { followed, others } = chooseFollowed(this.all(), this.max);
    // The SDK sends what is asked for in one turn in one message. Those that go come first: they
    // make room.
    this.client.startBatching();
    for (const conversation of others) conversation.unsubscribe();
    for (const conversation of followed) conversation.subscribe();
    this.client.stopBatching();
  }

  // The server refused one: it takes fewer than we thought.
  full(refused: Conversation): void {
    refused.unsubscribe();
    const followed = [...this.all()].filter((each) => each.isFollowed);
    this.max = Math.min(this.max, Math.max(1, followed.length));
    if (refused.isWatched) this.choose();
  }
}

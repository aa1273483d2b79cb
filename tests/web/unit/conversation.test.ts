// SPDX-License-Identifier: MIT
// What becomes of a conversation when its log has another epoch.
import assert from 'node:assert/strict';
import test from 'node:test';
import { Conversation, type ConversationHost } from '../../../web/src/app/conversation';
import type { Channel } from '../../../web/src/model/protocol';

interface Subscribed {
  wasRecovering: boolean;
  recovered: boolean;
  streamPosition: { offset: number; epoch: string };
}

const listed = (more = {}): Channel => ({
  kind: 'dm',
  channel: 'dm:#ada,bob',
  user: 'bob',
  name: 'Bob',
  top: 4,
  epoch: 'e1',
  read: 4,
  last: 0,
  ...more,
});

// A conversation that is subscribed and stands at 5 in e1, where it has read all; and what its
// client is told.
function subscribed() {
  const listeners = new Map<string, (context: never) => void>();
  const subscription = {
    state: 'subscribed',
    on: (event: string, listener: (context: never) => void) => listeners.set(event, listener),
    subscribe: () => undefined,
  };
  const client = { newSubscription: () => subscription, publish: async () => undefined };
  const nothing = () => undefined;
  const conversation = new Conversation(listed(), {
    client,
    me: 'ada',
    blocked: { peek: () => new Set() },
    arrived: nothing,
    heard: nothing,
    removed: nothing,
    opened: nothing,
    settled: nothing,
  } as unknown as ConversationHost);
  const tell = (event: string, context: object) => listeners.get(event)!(context as never);
  conversation.subscribe();
  const told = (how: Subscribed) => tell('subscribed', how);
  told({ wasRecovering: true, recovered: true, streamPosition: { offset: 4, epoch: 'e1' } });
  const data = { type: 'message', id: 'm', text: 'hi' };
  tell('publication', { channel: 'c', offset: 5, data, info: { user: 'bob' } });
  conversation.readMark.offset = 5; // and the server has not been told yet
  return { conversation, told };
}

test('a log that goes on under another name goes on', () => {
  const { conversation, told } = subscribed();
  const items = conversation.timeline.items;
  told({ wasRecovering: true, recovered: true, streamPosition: { offset: 5, epoch: 'e2' } });
  conversation.update(listed({ top: 5, epoch: 'e2', read: 4 }));
  assert.equal(conversation.timeline.epoch, 'e2');
  assert.equal(conversation.timeline.items, items);
  assert.equal(conversation.timeline.top, 5);
  assert.equal(conversation.wasReset.peek(), false);
  assert.deepEqual([conversation.readMark.offset, conversation.unread.peek().count], [5, 0]);
});

test('the list may know of the new name before it is told', () => {
  const { conversation, told } = subscribed();
  conversation.update(listed({ top: 5, epoch: 'e2', read: 4 }));
  told({ wasRecovering: true, recovered: true, streamPosition: { offset: 5, epoch: 'e2' } });
  conversation.update(listed({ top: 5, epoch: 'e1', read: 4 })); // or later
  assert.deepEqual([conversation.readMark.offset, conversation.unread.peek().count], [5, 0]);
});

test('a log that has lost something begins anew', () => {
  const { conversation, told } = subscribed();
  told({ wasRecovering: true, recovered: false, streamPosition: { offset: 1, epoch: 'e2' } });
  assert.deepEqual([conversation.timeline.epoch, conversation.timeline.top], ['e2', 1]);
  assert.deepEqual([conversation.timeline.items.length, conversation.readMark.offset], [0, 0]);
  assert.equal(conversation.wasReset.peek(), true);
});

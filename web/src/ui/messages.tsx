// SPDX-License-Identifier: MIT
// The open conversation's messages: the list, what of it is in sight, and what is new.
import { useComputed, useSignal, useSignalEffect, type ReadonlySignal } from '@preact/signals';
import type { RefObject } from 'preact';
import { useCallback, useEffect, useRef } from 'preact/hooks';
import { isFocused } from '../app/attention';
import type { Conversation } from '../app/conversation';
import { loadPeople } from '../app/members';
import { chat } from '../app/open_chat';
import { powersIn } from '../app/rooms';
import { badge, nameOf } from '../model/format';
import { rowsOf, type Row } from '../model/rows';
import { useAddressedMessage } from './addressed_message';
import { composing } from './composer_state';
import { Icon } from './icons';
import { onMessageKey } from './message_keys';
import { keyOf, type MessageList } from './message_list';
import { estimateOf, viewOf } from './message_rows';
import { Spinner } from './parts';
import { VirtualList, type Place } from './virtual_list';

// Where somebody was in a conversation that they left.
const places = new Map<string, Place>();

const windowful = 40; // messages that fill a window: with fewer of them older ones are loaded

const noOne: ReadonlySet<string> = new Set();

export function Messages({ conversation }: { conversation: Conversation }) {
  const { channel } = conversation;
  const list = useRef<VirtualList<Row>>(null);
  const isAtEnd = useSignal(true);
  const hot = useSignal(''); // the key of the row that is pointed at or focused
  const flashing = useSignal('');
  const rows = useRows(conversation);
  useOpening(conversation);
  useReading(conversation, isAtEnd);
  useOwnInSight(conversation, list);
  useAddressedMessage(conversation, rows, list, flashing);

  const onTop = useCallback(() => {
    if (conversation.timeline.hasMore && !conversation.loadError.peek()) {
      void conversation.loadOlder();
    }
  }, [conversation]);
  const info = conversation.info.value;
  const canModerate = powersIn(info.kind === 'room' ? info : undefined).moderate;
  const canWrite = info.kind === 'dm' || (info.role !== undefined && !info.archived);
  const view = { conversation, hot, flashing, canModerate, canWrite };

  return (
    <div class="messages" {...hotProperties(hot)}>
      <Loading conversation={conversation} />
      <VirtualList<Row>
        ref={list}
        rows={rows.value}
        label={`Messages in ${nameOf(info)}`}
        estimate={estimateOf}
        render={(row) => viewOf(row, view)}
        isLoose={({ kind }) => kind !== 'message' && kind !== 'pending'}
        onTop={onTop}
        onMove={(end) => (conversation.isAtEnd = isAtEnd.value = end)}
        start={startOf(conversation)}
        onLeave={(place) => {
          if (place) places.set(channel, place);
          else places.delete(channel);
        }}
        onKeyDown={(event) => onMessageKey(event, view, rows.peek(), list.current)}
      />
      <ToEnd
        conversation={conversation}
        isAtEnd={isAtEnd.value}
        onClick={() => {
          list.current?.toEnd();
          composing(channel).focusRequests.value += 1;
        }}
      />
    </div>
  );
}

// Makes a row hot. A mouse that leaves the list leaves the row, unless a menu of it is open; a
// finger taps another row.
function hotProperties(hot: { value: string }) {
  return {
    onPointerOver: (event: PointerEvent) => {
      if (event.pointerType === 'mouse') hot.value = keyOf(event.target);
    },
    onPointerLeave: (event: PointerEvent) => {
      if (event.pointerType === 'mouse' && !document.querySelector(':popover-open')) {
        hot.value = '';
      }
    },
    onPointerUp: (event: PointerEvent) => {
      if (event.pointerType !== 'mouse') hot.value = keyOf(event.target);
    },
    onFocusIn: (event: FocusEvent) => {
      const key = keyOf(event.target);
      if (key) hot.value = key;
    },
  };
}

// Where to begin: at what is new, where one was, or at the end.
function startOf(conversation: Conversation): Place | undefined {
  if (
    conversation.newAfter.peek() !== undefined &&
    conversation.timeline.low <= conversation.readMark.offset + 1
  ) {
    return { key: 'new', delta: 64 };
  }
  const place = places.get(conversation.channel);
  if (!place || conversation.unread.peek().count) return undefined;
  return conversation.timeline.items.some(({ key }) => key === place.key) ? place : undefined;
}

// The lines of the list; they follow what comes in, what is on its way, and who is blocked.
function useRows(conversation: Conversation): ReadonlySignal<Row[]> {
  const open = chat.value!;
  return useComputed(() => {
    void conversation.revision.value;
    void open.outboxRevision.value;
    return rowsOf({
      items: conversation.timeline.items,
      low: conversation.timeline.low,
      hasMore: conversation.timeline.hasMore,
      pending: open.outbox.of(conversation.channel),
      me: open.me,
      newAfter: conversation.newAfter.value,
      hidden: conversation.info.value.kind === 'room' ? open.blocked.value : noOne,
    });
  });
}

// One's own message is always followed to the end.
function useOwnInSight(conversation: Conversation, list: RefObject<MessageList>): void {
  const open = chat.value!;
  const count = useRef(0);
  useSignalEffect(() => {
    void open.outboxRevision.value;
    const { length } = open.outbox.of(conversation.channel);
    if (length > count.current && open.isSynced.peek()) list.current?.toEnd();
    count.current = length;
  });
}

// Opening loads what is to be seen and asks who is there.
function useOpening(conversation: Conversation): void {
  useEffect(() => {
    if (conversation.timeline.items.length < windowful) void conversation.loadOlder();
    void conversation.presence.load();
    void loadPeople(conversation);
    return () => conversation.close();
  }, [conversation]);
}

// What is in sight while somebody looks at the page is read.
function useReading(conversation: Conversation, isAtEnd: { value: boolean }): void {
  useSignalEffect(() => {
    void conversation.revision.value;
    const isSeen = isFocused.value && isAtEnd.value;
    const { timeline, readMark, newAfter } = conversation;
    if (timeline.top <= readMark.offset) return;
    if (isSeen) conversation.markRead();
    else if (newAfter.peek() === undefined && conversation.unread.peek().count) {
      newAfter.value = readMark.offset;
    }
  });
}

function Loading({ conversation }: { conversation: Conversation }) {
  if (conversation.loadError.value) {
    return (
      <div class="list-note">
        <span>{conversation.loadError.value}</span>
        <button
          type="button"
          class="link"
          onClick={() => {
            conversation.loadError.value = '';
            void conversation.loadOlder();
          }}
        >
          Try again
        </button>
      </div>
    );
  }
  if (conversation.wasReset.value) {
    return (
      <div class="list-note">
        <span>You were away for longer than messages are kept: some may be missing here.</span>
        <button type="button" class="link" onClick={() => (conversation.wasReset.value = false)}>
          All right
        </button>
      </div>
    );
  }
  return conversation.isLoading.value && conversation.timeline.items.length === 0 ? (
    <div class="list-loading">
      <Spinner label="Loading messages" />
    </div>
  ) : null;
}

function ToEnd(props: { conversation: Conversation; isAtEnd: boolean; onClick: () => void }) {
  if (props.isAtEnd) return null;
  const { count } = props.conversation.unread.value;
  return (
    <button type="button" class={count ? 'to-end is-new' : 'to-end'} onClick={props.onClick}>
      {count ? `${badge(count)} new` : 'Newest'}
      <Icon name="arrowDown" size={16} />
    </button>
  );
}

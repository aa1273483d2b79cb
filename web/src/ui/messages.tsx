// SPDX-License-Identifier: MIT
// The open conversation's messages: the list, what is new, who types, and jumping about in it.
import { useComputed, useSignal, useSignalEffect } from '@preact/signals';
import { useCallback, useEffect, useRef } from 'preact/hooks';
import type { Conversation } from '../app/conversation';
import { loadPeople, peopleIn, powersIn } from '../app/actions';
import { isFocused } from '../app/attention';
import { chat, route, toast } from '../app/state';
import { badge, dayName, listNames, nameOf } from '../model/format';
import { channelOf, parseRoute, type Route } from '../model/route';
import { rowsOf, type Row } from '../model/rows';
import { composing } from './composer_state';
import { describe } from './events';
import { Icon } from './icons';
import { confirmDelete, Message, Pending } from './message';
import { Spinner } from './parts';
import { Start } from './start';
import { VirtualList, type Place } from './virtual_list';

// Where somebody was in a conversation that they left.
const places = new Map<string, Place>();

const estimates: Record<Row['kind'], number> = {
  start: 180,
  day: 44,
  new: 28,
  message: 56,
  events: 32,
  pending: 56,
};

export function Messages({ conversation }: { conversation: Conversation }) {
  const open = chat.value!;
  const { me, session } = open;
  const { channel } = conversation;
  const list = useRef<VirtualList<Row>>(null);
  const isAtEnd = useSignal(true);
  const hot = useSignal(''); // the key of the row that is pointed at or focused
  const flashing = useSignal('');
  const isHeld = useSignal(false); // a menu of the hot row is open

  const rows = useComputed(() => {
    void conversation.revision.value;
    void open.outboxRevision.value;
    return rowsOf({
      items: conversation.timeline.items,
      low: conversation.timeline.low,
      hasMore: conversation.timeline.hasMore,
      pending: open.outbox.of(channel),
      me,
      newAfter: conversation.newAfter.value,
      hidden: conversation.info.value.kind === 'room' ? open.blocked.value : noOne,
    });
  });

  useOpening(conversation);
  useReading(conversation, isAtEnd);

  // One's own message is always followed to the end.
  const pendingCount = useRef(0);
  useSignalEffect(() => {
    void open.outboxRevision.value;
    const count = open.outbox.of(channel).length;
    if (count > pendingCount.current && open.isSynced.peek()) list.current?.toEnd();
    pendingCount.current = count;
  });

  useSignalEffect(() => {
    const { value } = route;
    if (value.kind === 'none' || value.at === undefined || channelOf(value, me) !== channel) return;
    void jump(value.at, value);
  });

  async function jump(offset: number, asked: Route): Promise<void> {
    const end = await conversation.loadUntil(offset);
    if (route.peek() !== asked) return; // somebody went elsewhere
    if (end === 'failed') {
      toast('That message could not be loaded. Try again when you are connected.', 'error');
      return;
    }
    history.replaceState(null, '', location.hash.replace(/\?.*$/, ''));
    route.value = parseRoute(location.hash);
    if (end === 'gone') return toast('That message is not kept any more.');
    const row = rows.value.find((each) => each.kind === 'message' && each.item.offset === offset);
    if (!row) return;
    list.current?.toRow(row.key);
    flashing.value = row.key;
    setTimeout(() => {
      if (flashing.peek() === row.key) flashing.value = '';
    }, 4000);
    if (document.activeElement === document.body) focusOn(row.key);
  }

  function focusOn(key: string): void {
    requestAnimationFrame(() => {
      const message = list.current?.element(key)?.querySelector<HTMLElement>('.message');
      message?.focus({ preventScroll: true });
    });
  }

  function focusRow(to: Row | undefined): void {
    if (!to) return;
    list.current?.reveal(to.key);
    focusOn(to.key);
  }

  const onTop = useCallback(() => {
    if (conversation.timeline.hasMore && !conversation.loadError.peek()) {
      void conversation.loadOlder();
    }
  }, [conversation]);

  const info = conversation.info.value;
  const powers = powersIn(info.kind === 'room' ? info : undefined);
  const canWrite = info.kind === 'dm' || (info.role !== undefined && !info.archived);
  const title = nameOf(info);

  const render = (row: Row) => {
    switch (row.kind) {
      case 'message':
        return (
          <Message
            item={row.item}
            conversation={conversation}
            me={me}
            isGrouped={row.isGrouped}
            isHot={hot.value === row.key}
            isFlashing={flashing.value === row.key}
            quoted={
              row.item.replyTo === undefined
                ? undefined
                : conversation.timeline.message(row.item.replyTo)
            }
            canModerate={powers.moderate}
            canWrite={canWrite}
          />
        );
      case 'pending':
        return (
          <Pending
            entry={{ ...row.entry }}
            name={session.value.name}
            me={me}
            isGrouped={row.isGrouped}
          />
        );
      case 'day':
        return (
          <div class="day">
            <span>{dayName(row.time, Date.now())}</span>
          </div>
        );
      case 'new':
        return (
          <div class="new-mark">
            <span>New</span>
          </div>
        );
      case 'events':
        return <div class="event">{describe(row.items, me, peopleIn(conversation))}</div>;
      case 'start':
        return <Start info={info} />;
    }
  };

  const keyOf = (target: EventTarget | null) =>
    (target as HTMLElement | null)?.closest?.<HTMLElement>('.list-row')?.dataset.key ?? '';

  const onKeyDown = (event: KeyboardEvent) => {
    const all = rows.value.filter((row) => row.kind === 'message' || row.kind === 'pending');
    const key = keyOf(event.target);
    const at = all.findIndex((row) => row.key === key);
    const isRow = (event.target as HTMLElement).classList.contains('message');
    if (event.key === 'ArrowUp') focusRow(at < 0 ? all.at(-1) : all[at - 1]);
    else if (event.key === 'ArrowDown' && at >= 0) {
      if (at === all.length - 1) composing(channel).focusRequests.value += 1;
      else focusRow(all[at + 1]);
    } else if (event.key === 'PageUp') list.current?.page(-1);
    else if (event.key === 'PageDown') list.current?.page(1);
    else if (event.key === 'End' && !isRow) list.current?.toEnd();
    else if (event.key === 'Escape') composing(channel).focusRequests.value += 1;
    else {
      const row = all[at];
      if (!isRow || row?.kind !== 'message' || !canWrite || event.ctrlKey || event.metaKey) return;
      const { item } = row;
      if (item.deletedBy !== undefined) return;
      if (event.key === 'r') composing(channel).reply(item);
      else if (event.key === 'e' && item.user === me) composing(channel).edit(item);
      else if (event.key === 'Delete' && (item.user === me || powers.moderate)) {
        confirmDelete(conversation, item);
      } else return;
    }
    event.preventDefault();
  };

  return (
    <div
      class="messages"
      onPointerOver={(event) => {
        if (event.pointerType === 'mouse' && !isHeld.peek()) hot.value = keyOf(event.target);
      }}
      onPointerLeave={(event) => {
        if (event.pointerType === 'mouse' && !document.querySelector(':popover-open'))
          hot.value = '';
      }}
      onPointerUp={(event) => {
        if (event.pointerType !== 'mouse') hot.value = keyOf(event.target);
      }}
      onFocusIn={(event) => {
        const key = keyOf(event.target);
        if (key) hot.value = key;
      }}
    >
      <Loading conversation={conversation} />
      <VirtualList<Row>
        ref={list}
        rows={rows.value}
        label={`Messages in ${title}`}
        estimate={(row) => (row.kind === 'message' && row.isGrouped ? 30 : estimates[row.kind])}
        render={render}
        isLoose={({ kind }) => kind !== 'message' && kind !== 'pending'}
        onTop={onTop}
        onMove={(end) => (conversation.isAtEnd = isAtEnd.value = end)}
        start={startOf(conversation)}
        onLeave={(place) => {
          if (place) places.set(channel, place);
          else places.delete(channel);
        }}
        onKeyDown={onKeyDown}
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

const noOne: ReadonlySet<string> = new Set();

// Where to begin: at what is new, where one was, or at the end.
function startOf(conversation: Conversation): Place | undefined {
  if (
    conversation.newAfter.peek() !== undefined &&
    conversation.timeline.low <= conversation.read + 1
  ) {
    return { key: 'new', delta: 64 };
  }
  const place = places.get(conversation.channel);
  if (!place || conversation.unread.peek().count) return undefined;
  return conversation.timeline.items.some(({ key }) => key === place.key) ? place : undefined;
}

// Opening loads what is to be seen and asks who is there.
function useOpening(conversation: Conversation): void {
  useEffect(() => {
    if (conversation.timeline.items.length < 40) void conversation.loadOlder();
    void conversation.loadPresence();
    void loadPeople(conversation);
    return () => conversation.close();
  }, [conversation]);
}

// What is in sight of somebody who looks is read.
function useReading(conversation: Conversation, isAtEnd: { value: boolean }): void {
  useSignalEffect(() => {
    void conversation.revision.value;
    const isSeen = isFocused.value && isAtEnd.value;
    const { timeline, read, newAfter } = conversation;
    if (timeline.top <= read) return;
    if (isSeen) conversation.markRead();
    else if (newAfter.peek() === undefined && conversation.unread.peek().count)
      newAfter.value = read;
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

export function Typing({ conversation }: { conversation: Conversation }) {
  const names = [...conversation.typing.value.values()].map((each) => each.name);
  return (
    <div class="typing" aria-live="polite">
      {names.length > 0 && (
        <>
          <span class="typing-dots" aria-hidden="true">
            <i />
            <i />
            <i />
          </span>
          {names.length > 3
            ? 'Several people are'
            : `${listNames(names)} ${names.length > 1 ? 'are' : 'is'}`}{' '}
          typing
        </>
      )}
    </div>
  );
}

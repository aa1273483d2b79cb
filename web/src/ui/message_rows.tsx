// SPDX-License-Identifier: MIT
// What each line of the list of messages looks like.
import type { Signal } from '@preact/signals';
import type { Conversation } from '../app/conversation';
import { peopleIn } from '../app/members';
import { chat } from '../app/open_chat';
import { dayName } from '../model/format';
import type { Row } from '../model/rows';
import { describe } from './events';
import { Guarded } from './guarded';
import { Message } from './message';
import { Pending } from './pending';
import { Start } from './start';

export interface MessagesView {
  conversation: Conversation;
  hot: Signal<string>; // the key of the row that is pointed at or focused
  flashing: Signal<string>; // the key of the row that somebody was led to
  canModerate: boolean;
  canWrite: boolean;
}

const estimates: Record<Row['kind'], number> = {
  start: 180,
  day: 44,
  new: 28,
  message: 56,
  events: 32,
  pending: 56,
};
const groupedEstimate = 30;

// Its height in pixels, before it is known.
export function estimateOf(row: Row): number {
  return row.kind === 'message' && row.isGrouped ? groupedEstimate : estimates[row.kind];
}

// Whatever stands in one message, the others are shown.
export function viewOf(row: Row, view: MessagesView) {
  return (
    <Guarded of={row.kind === 'message' ? row.item : row} name="message">
      <RowView row={row} view={view} />
    </Guarded>
  );
}

function RowView({ row, view }: { row: Row; view: MessagesView }) {
  const { conversation } = view;
  const { me, session } = chat.value!;
  switch (row.kind) {
    case 'message': {
      const { replyTo } = row.item;
      return (
        <Message
          item={row.item}
          conversation={conversation}
          me={me}
          isGrouped={row.isGrouped}
          isHot={view.hot.value === row.key}
          isFlashing={view.flashing.value === row.key}
          quoted={replyTo === undefined ? undefined : conversation.timeline.message(replyTo)}
          canModerate={view.canModerate}
          canWrite={view.canWrite}
        />
      );
    }
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
      return <Start info={conversation.info.value} />;
  }
}

// SPDX-License-Identifier: MIT
// Keys in the list of messages: from one message to another, and what can be done with one.
import { chat } from '../app/open_chat';
import type { Row } from '../model/rows';
import { composing } from './composer_state';
import { confirmDelete } from './message';
import { focusOn, keyOf, type MessageList } from './message_list';
import type { MessagesView } from './message_rows';

export function onMessageKey(
  event: KeyboardEvent,
  view: MessagesView,
  rows: Row[],
  list: MessageList | null,
): void {
  const isMessage = (event.target as HTMLElement).classList.contains('message');
  const all = rows.filter((row) => row.kind === 'message' || row.kind === 'pending');
  const key = keyOf(event.target);
  const at = all.findIndex((row) => row.key === key);
  const isTaken =
    move(event, all, at, isMessage, view, list) || (isMessage && act(event, all[at], view));
  if (isTaken) event.preventDefault();
}

function move(
  event: KeyboardEvent,
  all: Row[],
  at: number,
  isMessage: boolean,
  view: MessagesView,
  list: MessageList | null,
): boolean {
  const toField = () => void (composing(view.conversation.channel).focusRequests.value += 1);
  const toRow = (row: Row | undefined) => {
    if (!row) return;
    list?.reveal(row.key);
    focusOn(list, row.key);
  };
  switch (event.key) {
    case 'ArrowUp':
      toRow(at < 0 ? all.at(-1) : all[at - 1]);
      return true;
    case 'ArrowDown':
      if (at < 0) return false;
      if (at === all.length - 1) toField();
      else toRow(all[at + 1]);
      return true;
    case 'PageUp':
      list?.page(-1);
      return true;
    case 'PageDown':
      list?.page(1);
      return true;
    case 'End':
      if (isMessage) return false;
      list?.toEnd();
      return true;
    case 'Escape':
      toField();
      return true;
    default:
      return false;
  }
}

// With the message that has the focus.
function act(event: KeyboardEvent, row: Row | undefined, view: MessagesView): boolean {
  if (row?.kind !== 'message' || !view.canWrite || event.ctrlKey || event.metaKey) return false;
  const { item } = row;
  if (item.deletedBy !== undefined) return false;
  const isMine = item.user === chat.peek()!.me;
  const state = composing(view.conversation.channel);
  if (event.key === 'r') state.reply(item);
  else if (event.key === 'e' && isMine) state.edit(item);
  else if (event.key === 'Delete' && (isMine || view.canModerate)) {
    confirmDelete(view.conversation, item);
  } else return false;
  return true;
}

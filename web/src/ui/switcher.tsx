// SPDX-License-Identifier: MIT
// Ctrl/Cmd+K: any conversation by a few letters of its name.
import { useSignal } from '@preact/signals';
import type { Conversation } from '../app/conversation';
import { goTo } from '../app/navigation';
import { chat } from '../app/open_chat';
import { writeTo } from '../app/rooms';
import { messageOf } from '../model/codes';
import { fit } from '../model/fit';
import { badge, nameOf } from '../model/format';
import { FormError } from './form';
import { Modal } from './modal';
import { ConversationIcon } from './parts';

const foundMax = 9;

const titleOf = (conversation: Conversation) => nameOf(conversation.info.peek());

// The conversations that fit best. Before anything is typed those with something unread come first.
function search(words: string): Conversation[] {
  const open = chat.value!;
  const scoreOf = (conversation: Conversation) => {
    const byTitle = fit(words, titleOf(conversation));
    const byAddress = fit(words, conversation.channel.replace(/^room:/, ''));
    const isUnread = words === '' && conversation.unread.peek().count > 0;
    return Math.max(byTitle, byAddress) + (isUnread ? 1 : 0);
  };
  return [...open.rooms.value, ...open.dms.value]
    .map((conversation) => ({ conversation, score: scoreOf(conversation) }))
    .filter(({ score }) => score > 0)
    .sort((a, b) => b.score - a.score)
    .slice(0, foundMax)
    .map(({ conversation }) => conversation);
}

export function Switcher() {
  const query = useSignal('');
  const chosen = useSignal(0);
  const error = useSignal('');
  const typed = query.value.trim().replace(/^[#@]/, '');
  const found = search(typed.toLowerCase());
  const at = Math.min(chosen.value, Math.max(0, found.length - 1));
  const pick = (conversation: Conversation | undefined) => {
    if (conversation) goTo(conversation.channel);
    else if (typed) {
      writeTo(typed).catch((problem: unknown) => (error.value = messageOf(problem)));
    }
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === 'ArrowDown') chosen.value = Math.min(at + 1, found.length - 1);
    else if (event.key === 'ArrowUp') chosen.value = Math.max(at - 1, 0);
    else if (event.key === 'Enter') pick(found[at]);
    else return;
    event.preventDefault();
  };
  return (
    <Modal title="Jump to a conversation" class="switcher" isBare>
      <input
        type="text"
        role="combobox"
        aria-expanded="true"
        aria-controls="switcher-list"
        aria-label="Jump to a conversation"
        {...(found.length ? { 'aria-activedescendant': `switch-${at}` } : {})}
        placeholder="Jump to a room or person"
        value={query.value}
        autocomplete="off"
        spellcheck={false}
        onInput={(event) => {
          query.value = event.currentTarget.value;
          chosen.value = 0;
          error.value = '';
        }}
        onKeyDown={onKeyDown}
      />
      <Found found={found} at={at} onPoint={(index) => (chosen.value = index)} onPick={pick} />
      {found.length === 0 && typed !== '' && (
        <p class="switcher-none">
          Nothing of that name. <kbd>Enter</kbd> writes to <b>@{typed}</b>.
        </p>
      )}
      <FormError text={error.value} />
    </Modal>
  );
}

function Found(props: {
  found: Conversation[];
  at: number;
  onPoint: (index: number) => void;
  onPick: (conversation: Conversation) => void;
}) {
  return (
    <ul id="switcher-list" role="listbox" aria-label="Conversations">
      {props.found.map((conversation, index) => {
        const unread = conversation.unread.value.count;
        return (
          <li
            key={conversation.channel}
            id={`switch-${index}`}
            role="option"
            aria-selected={index === props.at}
            onPointerMove={() => props.onPoint(index)}
            onClick={() => props.onPick(conversation)}
          >
            <ConversationIcon info={conversation.info.value} avatarSize={24} iconSize={18} />
            <span class="switcher-name">{titleOf(conversation)}</span>
            {unread > 0 && <span class="badge">{badge(unread)}</span>}
          </li>
        );
      })}
    </ul>
  );
}

// SPDX-License-Identifier: MIT
// Ctrl/Cmd+K: any conversation by a few letters of its name.
import { useSignal } from '@preact/signals';
import { writeTo } from '../app/actions';
import type { Conversation } from '../app/conversation';
import { chat, dialog, goTo } from '../app/state';
import { badge, nameOf } from '../model/format';
import { messageOf } from '../net/socket';
import { Icon } from './icons';
import { Avatar, FormError, Modal } from './parts';

// How well a name fits: letters in order, better at its beginning; 0 is not at all.
export function fit(query: string, name: string): number {
  const text = name.toLowerCase();
  if (query === '') return 1;
  if (text.startsWith(query)) return 4;
  if (text.split(/[\s._-]+/).some((word) => word.startsWith(query))) return 3;
  if (text.includes(query)) return 2;
  let at = 0;
  for (const letter of text) if (letter === query[at]) ++at;
  return at === query.length ? 1 : 0;
}

const titleOf = (conversation: Conversation) => nameOf(conversation.info.peek());

export function Switcher() {
  const query = useSignal('');
  const chosen = useSignal(0);
  const open = chat.value!;
  const error = useSignal('');
  const typed = query.value.trim().replace(/^[#@]/, '');
  const words = typed.toLowerCase();
  const found = [...open.rooms.value, ...open.dms.value]
    .map((conversation) => ({
      conversation,
      score:
        Math.max(
          fit(words, titleOf(conversation)),
          fit(words, conversation.channel.replace(/^room:/, '')),
        ) + (words === '' && conversation.unread.peek().count > 0 ? 1 : 0),
    }))
    .filter(({ score }) => score > 0)
    .sort((a, b) => b.score - a.score)
    .slice(0, 9);
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
    else if (event.key === 'Enter') pick(found[at]?.conversation);
    else return;
    event.preventDefault();
  };
  return (
    <Modal
      title="Jump to a conversation"
      class="switcher"
      isBare
      onClose={() => (dialog.value = undefined)}
    >
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
      <ul id="switcher-list" role="listbox" aria-label="Conversations">
        {found.map(({ conversation }, index) => {
          const info = conversation.info.value;
          const unread = conversation.unread.value.count;
          return (
            <li
              key={conversation.channel}
              id={`switch-${index}`}
              role="option"
              aria-selected={index === at}
              onPointerMove={() => (chosen.value = index)}
              onClick={() => pick(conversation)}
            >
              {info.kind === 'dm' ? (
                <Avatar user={info.user} name={titleOf(conversation)} size={24} />
              ) : (
                <Icon name={info.visibility === 'private' ? 'lock' : 'hash'} size={18} />
              )}
              <span class="switcher-name">{titleOf(conversation)}</span>
              {unread > 0 && <span class="badge">{badge(unread)}</span>}
            </li>
          );
        })}
      </ul>
      {found.length === 0 && words !== '' && (
        <p class="switcher-none">
          Nothing of that name. <kbd>Enter</kbd> writes to <b>@{typed}</b>.
        </p>
      )}
      <FormError text={error.value} />
    </Modal>
  );
}

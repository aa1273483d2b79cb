// SPDX-License-Identifier: MIT
// Where one writes: grows with the text, completes names, edits what was sent.
import { useComputed, useSignal, useSignalEffect } from '@preact/signals';
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks';
import { edit, join, peopleIn, send, setBlocked } from '../app/actions';
import type { Conversation } from '../app/conversation';
import { chat } from '../app/state';
import { limits } from '../model/protocol';
import { mentionAt } from '../model/text';
import { composing, type Composing } from './composer_state';
import { EmojiButton } from './emoji';
import { Icon } from './icons';
import { Avatar, IconButton } from './parts';

const completionsMax = 6;

export function Composer({ conversation }: { conversation: Conversation }) {
  const info = conversation.info.value;
  if (info.kind === 'room' && info.archived) {
    return <div class="composer-closed">This room is archived: it can be read, not written to.</div>;
  }
  if (info.kind === 'room' && info.role === undefined) {
    return (
      <div class="composer-closed">
        <span>You are looking at {info.title || info.room}.</span>
        <button type="button" class="button is-primary" onClick={() => void join(info.room)}>
          Join room
        </button>
      </div>
    );
  }
  if (info.kind === 'dm' && chat.value!.blocked.value.has(info.user)) {
    return (
      <div class="composer-closed">
        <span>You blocked {info.name || info.user}.</span>
        <button type="button" class="button" onClick={() => void setBlocked(info.user, false)}>
          Unblock
        </button>
      </div>
    );
  }
  return <Field conversation={conversation} key={conversation.channel} />;
}

function Field({ conversation }: { conversation: Conversation }) {
  const state = composing(conversation.channel);
  const field = useRef<HTMLTextAreaElement>(null);
  const caret = useSignal(0);
  const isDismissed = useSignal(false);
  const chosen = useSignal(0);
  const info = conversation.info.value;
  const title = info.kind === 'room' ? info.title || info.room : info.name || info.user;

  const completions = useComputed(() => {
    const at = mentionAt(state.text.value, caret.value);
    if (!at || isDismissed.value) return undefined;
    const { me } = chat.peek()!;
    const found = [...peopleIn(conversation)]
      .filter(([user]) => user !== me)
      .filter(([user, name]) => user.startsWith(at.query) || name.toLowerCase().startsWith(at.query))
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .slice(0, completionsMax);
    return found.length > 0 ? { ...at, found } : undefined;
  });

  useSignalEffect(() => {
    void state.focusRequests.value;
    const element = field.current;
    if (!element) return;
    element.focus();
    requestAnimationFrame(() => element.setSelectionRange(element.value.length, element.value.length));
  });
  useEffect(() => {
    if (matchMedia('(pointer: fine)').matches) field.current?.focus();
  }, []);
  useLayoutEffect(() => grow(field.current!), [state.text.value]);

  const submit = () => {
    const text = state.text.peek().trim();
    const editing = state.editing.peek();
    if (editing) {
      state.cancelEdit();
      if (text !== '' && text !== editing.text) void edit(conversation, editing.offset, text);
      return;
    }
    if (text === '') return;
    send(conversation, text, state.replyTo.peek()?.offset);
    state.text.value = '';
    state.replyTo.value = undefined;
  };

  const complete = (user: string) => {
    const at = completions.peek();
    const { text } = state;
    if (!at) return;
    const end = text.value.slice(caret.value);
    const begin = `${text.value.slice(0, at.begin)}@${user} `;
    text.value = begin + end.replace(/^ /, '');
    caret.value = begin.length;
    requestAnimationFrame(() => field.current?.setSelectionRange(begin.length, begin.length));
  };

  const onKeyDown = (event: KeyboardEvent) => {
    if (event.isComposing) return;
    const at = completions.peek();
    if (at && completionKey(event, at.found, chosen, complete, isDismissed)) {
      event.preventDefault();
      event.stopPropagation();
      return;
    }
    if (event.key === 'Enter' && !event.shiftKey && !event.ctrlKey && !event.altKey) submit();
    else if (event.key === 'ArrowUp' && state.text.peek() === '') {
      const last = lastOwn(conversation);
      if (!last) return;
      state.edit(last);
    } else if (event.key === 'Escape' && (state.editing.peek() || state.replyTo.peek())) {
      state.cancelEdit();
      state.replyTo.value = undefined;
      event.stopPropagation();
    } else return;
    event.preventDefault();
  };

  const track = () => (caret.value = field.current?.selectionStart ?? 0);
  const at = completions.value;
  return (
    <div class="composer">
      <Context state={state} />
      {at && (
        <ul class="completions" id="completions" role="listbox" aria-label="People">
          {at.found.map(([user, name], index) => (
            <li
              key={user}
              id={`completion-${index}`}
              role="option"
              aria-selected={index === chosen.value}
              onPointerDown={(event) => {
                event.preventDefault();
                complete(user);
              }}
            >
              <Avatar user={user} name={name} size={24} />
              <b>{name}</b> <span class="faint">@{user}</span>
            </li>
          ))}
        </ul>
      )}
      <div class="composer-box">
        <textarea
          ref={field}
          rows={1}
          maxLength={limits.text}
          placeholder={`Message ${title}`}
          aria-label={state.editing.value ? 'Edit message' : `Message ${title}`}
          aria-autocomplete="list"
          {...(at ? { 'aria-controls': 'completions', 'aria-activedescendant': `completion-${chosen.value}` } : {})}
          value={state.text.value}
          enterkeyhint="send"
          onInput={(event) => {
            state.text.value = event.currentTarget.value;
            isDismissed.value = false;
            chosen.value = 0;
            track();
            if (state.text.peek() !== '' && !state.editing.peek()) conversation.type();
          }}
          onSelect={track}
          onKeyDown={onKeyDown}
        />
        <EmojiButton label="Insert an emoji" onPick={(picked) => state.insert(picked)} />
        <IconButton
          icon={state.editing.value ? 'check' : 'send'}
          label={state.editing.value ? 'Save' : 'Send'}
          class="send"
          disabled={state.text.value.trim() === ''}
          onClick={submit}
        />
      </div>
      <Remaining text={state.text.value} />
    </div>
  );
}

function completionKey(
  event: KeyboardEvent,
  found: [string, string][],
  chosen: { value: number },
  complete: (user: string) => void,
  isDismissed: { value: boolean },
): boolean {
  switch (event.key) {
    case 'ArrowDown':
      chosen.value = (chosen.value + 1) % found.length;
      return true;
    case 'ArrowUp':
      chosen.value = (chosen.value - 1 + found.length) % found.length;
      return true;
    case 'Enter':
    case 'Tab':
      complete((found[chosen.value] ?? found[0]!)[0]);
      return true;
    case 'Escape':
      isDismissed.value = true;
      return true;
    default:
      return false;
  }
}

function lastOwn(conversation: Conversation) {
  const { me } = chat.peek()!;
  const { items } = conversation.timeline;
  for (let i = items.length - 1; i >= 0; --i) {
    const item = items[i]!;
    if (item.kind === 'message' && item.user === me && item.deletedBy === undefined) return item;
  }
  return undefined;
}

function Context({ state }: { state: Composing }) {
  const editing = state.editing.value;
  const item = editing ?? state.replyTo.value;
  if (!item) return null;
  return (
    <div class="composer-context">
      <Icon name={editing ? 'edit' : 'reply'} size={16} />
      <span>
        {editing ? 'Editing your message' : 'Replying to '}
        {!editing && <b>{item.name}</b>}
      </span>
      <span class="composer-quote">{editing ? '' : item.text.slice(0, 160)}</span>
      <IconButton
        icon="close"
        label={editing ? 'Cancel editing' : 'Cancel reply'}
        size={16}
        onClick={() => {
          state.cancelEdit();
          state.replyTo.value = undefined;
        }}
      />
    </div>
  );
}

function Remaining({ text }: { text: string }) {
  const left = limits.text - [...text].length;
  return left < 500 ? <div class="remaining">{left} characters left</div> : null;
}

function grow(element: HTMLTextAreaElement): void {
  element.style.height = 'auto';
  element.style.height = `${Math.min(element.scrollHeight, innerHeight * 0.4)}px`;
}

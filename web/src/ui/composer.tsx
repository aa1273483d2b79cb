// SPDX-License-Identifier: MIT
// Where one writes: grows with the text, completes names, edits what was sent.
import { effect, useComputed, useSignal } from '@preact/signals';
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks';
import { edit, join, peopleIn, send, setBlocked } from '../app/actions';
import type { Conversation } from '../app/conversation';
import { attempt, chat } from '../app/state';
import { nameOf, plural } from '../model/format';
import { limits } from '../model/protocol';
import { mentionAt } from '../model/text';
import type { MessageItem } from '../model/timeline';
import { composing, type Composing } from './composer_state';
import { EmojiButton } from './emoji';
import { Icon } from './icons';
import { Avatar, IconButton } from './parts';

const completionsMax = 6;
const leftTold = 500; // characters

export function Composer({ conversation }: { conversation: Conversation }) {
  const info = conversation.info.value;
  if (info.kind === 'room' && info.archived) {
    return (
      <div class="composer-closed">This room is archived: it can be read, not written to.</div>
    );
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
  const title = nameOf(info);

  const completions = useComputed(() => {
    const at = mentionAt(state.text.value, caret.value);
    if (!at || isDismissed.value) return undefined;
    const { me } = chat.peek()!;
    const found = [...peopleIn(conversation)]
      .filter(([user]) => user !== me)
      .filter((names) => names.some((each) => each.toLowerCase().startsWith(at.query)))
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .slice(0, completionsMax);
    const isWhole = found.length === 1 && found[0]![0].toLowerCase() === at.query;
    return found.length > 0 && !isWhole ? { ...at, found } : undefined;
  });

  useEffect(() => {
    // On a phone the focus would bring up the keyboard.
    if (matchMedia('(pointer: fine)').matches) field.current?.focus();
    let seen = state.focusRequests.peek();
    // At once, not after the next frame as with useSignalEffect: a key may follow.
    return effect(() => {
      const { value } = state.focusRequests;
      if (value === seen) return;
      seen = value;
      field.current?.focus();
      const { begin, end } = state.selection;
      requestAnimationFrame(() => field.current?.setSelectionRange(begin, end));
    });
  }, []);
  useLayoutEffect(() => grow(field.current!), [state.text.value]);

  const submit = () => {
    const text = state.text.peek().trim();
    if (state.isSaving.peek() || tooLong(text) > 0) return;
    const editing = state.editing.peek();
    if (editing) return void save(editing, text);
    if (text === '') return;
    send(conversation, text, state.replyTo.peek()?.offset);
    state.text.value = '';
    state.replyTo.value = undefined;
  };

  // What was written is given up only when it is stored.
  const save = async (editing: MessageItem, text: string) => {
    if (text === '' || text === editing.text) return state.cancelEdit();
    state.isSaving.value = true;
    const stored = await attempt(() => edit(conversation, editing.offset, text));
    state.isSaving.value = false;
    if (stored && state.editing.peek() === editing) state.cancelEdit();
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

  const track = () => {
    const { selectionStart: begin, selectionEnd: end } = field.current!;
    state.selection = { begin, end };
    caret.value = begin;
  };
  const at = completions.value;
  const isEmpty = state.text.value.trim() === '';
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
          readOnly={state.isSaving.value}
          placeholder={`Message ${title}`}
          aria-label={state.editing.value ? 'Edit message' : `Message ${title}`}
          aria-autocomplete="list"
          {...(at
            ? {
                'aria-controls': 'completions',
                'aria-activedescendant': `completion-${chosen.value}`,
              }
            : {})}
          value={state.text.value}
          enterkeyhint="send"
          onInput={(event) => {
            state.text.value = event.currentTarget.value;
            isDismissed.value = false;
            chosen.value = 0;
            track();
            if (state.text.peek() === '') conversation.stopTyping();
            else if (!state.editing.peek()) conversation.type();
          }}
          onSelect={track}
          onKeyDown={onKeyDown}
        />
        <EmojiButton label="Insert an emoji" onPick={(picked) => state.insert(picked)} />
        <IconButton
          icon={state.editing.value ? 'check' : 'send'}
          label={state.editing.value ? 'Save' : 'Send'}
          class="send"
          disabled={isEmpty || state.isSaving.value || tooLong(state.text.value.trim()) > 0}
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

// By how many characters a text is longer than a message may be; negative: what is left.
const tooLong = (text: string): number =>
  text.length <= limits.text - leftTold ? -limits.text : [...text].length - limits.text;

function Remaining({ text }: { text: string }) {
  const over = tooLong(text.trim());
  if (over <= -leftTold) return null;
  if (over <= 0) return <div class="remaining">{plural(-over, 'character')} left</div>;
  return (
    <div class="remaining is-bad">
      {plural(over, 'character')} too long: a message has at most {limits.text.toLocaleString()}.
      <span class="hidden" role="alert">
        This is too long to be sent.
      </span>
    </div>
  );
}

function grow(element: HTMLTextAreaElement): void {
  element.style.height = 'auto';
  element.style.height = `${Math.min(element.scrollHeight, innerHeight * 0.4)}px`;
}

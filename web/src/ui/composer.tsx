// SPDX-License-Identifier: MIT
// Where one writes: grows with the text, completes names, edits what was sent.
import { effect, useSignal } from '@preact/signals';
import type { RefObject } from 'preact';
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks';
import type { Conversation } from '../app/conversation';
import { edit, send } from '../app/messages';
import { chat } from '../app/open_chat';
import { join, setBlocked } from '../app/rooms';
import { attempt } from '../app/toasts';
import { nameOf, plural } from '../model/format';
import { limits } from '../model/protocol';
import type { MessageItem } from '../model/timeline';
import {
  completionAttributes,
  CompletionList,
  onCompletionKey,
  useCompletions,
} from './completions';
import { composing, type Composing } from './composer_state';
import { EmojiButton } from './emoji';
import { Icon } from './icons';
import { IconButton } from './parts';

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
  const title = nameOf(conversation.info.value);
  // A new text is in the field after the next frame only.
  const select = (begin: number, end = begin) =>
    void requestAnimationFrame(() => field.current?.setSelectionRange(begin, end));
  const completions = useCompletions(conversation, state, caret, select);
  useFocus(field, state, select);
  useLayoutEffect(() => grow(field.current!), [state.text.value]);

  const track = () => {
    const { selectionStart: begin, selectionEnd: end } = field.current!;
    state.selection = { begin, end };
    caret.value = begin;
  };
  const onInput = (text: string) => {
    state.text.value = text;
    completions.isDismissed.value = false;
    completions.chosen.value = 0;
    track();
    if (text === '') conversation.typing.stop();
    else if (!state.editing.peek()) conversation.type();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.isComposing) return; // the key is the input method's
    const isForList = onCompletionKey(event, completions);
    if (isForList) event.stopPropagation();
    if (isForList || onFieldKey(event, conversation, state)) event.preventDefault();
  };
  const isEditing = state.editing.value !== undefined;
  const text = state.text.value.trim();
  return (
    <div class="composer">
      <Context state={state} />
      <CompletionList {...completions} />
      <div class="composer-box">
        <textarea
          ref={field}
          rows={1}
          readOnly={state.isSaving.value}
          placeholder={`Message ${title}`}
          aria-label={isEditing ? 'Edit message' : `Message ${title}`}
          aria-autocomplete="list"
          {...completionAttributes(completions)}
          value={state.text.value}
          enterkeyhint="send"
          onInput={(event) => onInput(event.currentTarget.value)}
          onSelect={track}
          onKeyDown={onKeyDown}
        />
        <EmojiButton label="Insert an emoji" onPick={(picked) => state.insert(picked)} />
        <SendButton state={state} text={text} onClick={() => submit(conversation, state)} />
      </div>
      <Remaining text={text} />
    </div>
  );
}

function SendButton(props: { state: Composing; text: string; onClick: () => void }) {
  const { state, text, onClick } = props;
  const isEditing = state.editing.value !== undefined;
  return (
    <IconButton
      icon={isEditing ? 'check' : 'send'}
      label={isEditing ? 'Save' : 'Send'}
      class="send"
      disabled={text === '' || state.isSaving.value || tooLong(text) > 0}
      onClick={onClick}
    />
  );
}

// The field has the focus when it comes, and when it is asked for.
function useFocus(
  field: RefObject<HTMLTextAreaElement>,
  state: Composing,
  select: (begin: number, end: number) => void,
): void {
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
      select(state.selection.begin, state.selection.end);
    });
  }, []);
}

// True when the key has done something.
function onFieldKey(event: KeyboardEvent, conversation: Conversation, state: Composing): boolean {
  if (event.key === 'Enter' && !event.shiftKey && !event.ctrlKey && !event.altKey) {
    submit(conversation, state);
  } else if (event.key === 'ArrowUp' && state.text.peek() === '') {
    const last = lastOwn(conversation);
    if (!last) return false;
    state.edit(last);
  } else if (event.key === 'Escape' && (state.editing.peek() || state.replyTo.peek())) {
    state.cancelEdit();
    state.replyTo.value = undefined;
    event.stopPropagation(); // or it would close a panel, too
  } else {
    return false;
  }
  return true;
}

function submit(conversation: Conversation, state: Composing): void {
  const text = state.text.peek().trim();
  if (state.isSaving.peek() || tooLong(text) > 0) return;
  const editing = state.editing.peek();
  if (editing) return void save(conversation, state, editing, text);
  if (text === '') return;
  send(conversation, text, state.replyTo.peek()?.offset);
  state.text.value = '';
  state.replyTo.value = undefined;
}

// What was written is given up only when it is stored.
async function save(
  conversation: Conversation,
  state: Composing,
  editing: MessageItem,
  text: string,
): Promise<void> {
  if (text === '' || text === editing.text) return state.cancelEdit();
  state.isSaving.value = true;
  const stored = await attempt(() => edit(conversation, editing.offset, text));
  state.isSaving.value = false;
  if (stored && state.editing.peek() === editing) state.cancelEdit();
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

// How many characters a text has more than a message may have; negative: how many are left.
const tooLong = (text: string): number =>
  text.length <= limits.text - leftTold ? -limits.text : [...text].length - limits.text;

function Remaining({ text }: { text: string }) {
  const over = tooLong(text);
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

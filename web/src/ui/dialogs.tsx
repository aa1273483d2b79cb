// SPDX-License-Identifier: MIT
// The windows over the page: which one is open, and the small ones.
import { useSignal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { call, callNaming, powersIn, writeTo } from '../app/actions';
import { chat, dialog, goTo, toast, type Dialog } from '../app/state';
import { limits, type Room, type RoomChannel } from '../model/protocol';
import { messageOf } from '../net/socket';
import { AccountDialog } from './account';
import { BrowseDialog } from './browse';
import { FormError, Labelled, Modal } from './parts';
import { refresh } from './people';
import { Switcher } from './switcher';
import { commandKey } from './sidebar';

export function Dialogs() {
  const open = dialog.value;
  if (!open) return null;
  switch (open.kind) {
    case 'switcher':
      return <Switcher />;
    case 'browse':
      return <BrowseDialog />;
    case 'create':
      return <CreateDialog />;
    case 'newDm':
      return <NewDmDialog />;
    case 'account':
      return <AccountDialog />;
    case 'shortcuts':
      return <ShortcutsDialog />;
    case 'invite':
      return <InviteDialog room={open.room} />;
    case 'edit':
      return <EditDialog room={open.room} />;
    case 'sanction':
      return <SanctionDialog {...open} />;
    case 'confirm':
      return <ConfirmDialog {...open} />;
  }
}

const close = () => (dialog.value = undefined);

// A form in a window: one action, one way back. It stays open when `onSubmit` throws, and tells
// what, or answers false.
export function Form(props: {
  action: string;
  isDanger?: boolean;
  onSubmit: () => Promise<unknown>;
  children?: ComponentChildren;
}) {
  const isBusy = useSignal(false);
  const error = useSignal('');
  const submit = async (event: Event) => {
    event.preventDefault();
    if (isBusy.value) return;
    isBusy.value = true;
    error.value = '';
    const mine = dialog.peek();
    try {
      const isDone = await props.onSubmit();
      if (isDone !== false && dialog.peek() === mine) close();
    } catch (problem) {
      error.value = messageOf(problem);
    } finally {
      isBusy.value = false;
    }
  };
  return (
    <form class="form" onSubmit={submit}>
      {props.children}
      <FormError text={error.value} />
      <div class="form-actions">
        <button type="button" class="button" onClick={close}>
          Cancel
        </button>
        <button
          type="submit"
          class={`button ${props.isDanger ? 'is-danger' : 'is-primary'}`}
          disabled={isBusy.value}
        >
          {props.action}
        </button>
      </div>
    </form>
  );
}

// What a title makes as the name in the address.
export function nameFor(title: string): string {
  return title
    .toLowerCase()
    .normalize('NFKD')
    .replace(/[^a-z0-9._\s-]/g, '')
    .trim()
    .replace(/\s+/g, '-')
    .replace(/^[^a-z0-9]+/, '')
    .slice(0, 64);
}

function CreateDialog() {
  const title = useSignal('');
  const topic = useSignal('');
  const isPrivate = useSignal(false);
  const name = nameFor(title.value);
  return (
    <Modal title="Create a room">
      <Form
        action="Create"
        onSubmit={async () => {
          const made = await call<Room>('chat.create', {
            room: name,
            title: title.value.trim(),
            visibility: isPrivate.value ? 'private' : 'public',
            ...(topic.value.trim() ? { topic: topic.value.trim() } : {}),
          });
          await chat.peek()!.sync();
          goTo(made.channel ?? `room:${name}`);
        }}
      >
        <Labelled
          label="Name"
          hint={name ? `Its address will be #${name}` : 'What people will see'}
        >
          <input
            required
            maxLength={limits.title}
            value={title.value}
            placeholder="e.g. Release planning"
            onInput={(event) => (title.value = event.currentTarget.value)}
          />
        </Labelled>
        <Labelled label="Topic (optional)">
          <input
            maxLength={limits.topic}
            value={topic.value}
            onInput={(event) => (topic.value = event.currentTarget.value)}
          />
        </Labelled>
        <label class="check">
          <input
            type="checkbox"
            checked={isPrivate.value}
            onChange={(event) => (isPrivate.value = event.currentTarget.checked)}
          />
          <span>
            <b>By invitation only</b>
            <span class="faint">Nobody else can find it or read it.</span>
          </span>
        </label>
      </Form>
    </Modal>
  );
}

function NewDmDialog() {
  const user = useSignal('');
  return (
    <Modal title="Write to somebody">
      <Form action="Open" onSubmit={() => writeTo(user.value.trim().replace(/^@/, ''))}>
        <PersonField user={user} />
      </Form>
    </Modal>
  );
}

function PersonField({ user }: { user: { value: string } }) {
  const known = new Set<string>();
  for (const conversation of chat.peek()!.conversations.peek().values()) {
    for (const user of conversation.timeline.names.keys()) known.add(user);
    for (const each of conversation.presence.peek()?.users ?? []) known.add(each.user);
  }
  known.delete(chat.peek()!.me);
  return (
    <>
      <Labelled label="User name">
        <input
          required
          list="known-people"
          autocomplete="off"
          autocapitalize="none"
          spellcheck={false}
          value={user.value}
          onInput={(event) => (user.value = event.currentTarget.value)}
        />
      </Labelled>
      <datalist id="known-people">
        {[...known]
          .filter(Boolean)
          .sort()
          .map((each) => (
            <option key={each} value={each} />
          ))}
      </datalist>
    </>
  );
}

function InviteDialog({ room }: { room: string }) {
  const user = useSignal('');
  return (
    <Modal title="Invite somebody">
      <Form
        action="Invite"
        onSubmit={async () => {
          const name = user.value.trim().replace(/^@/, '');
          await callNaming('chat.invite', { room, user: name });
          toast(`${name} is invited.`);
        }}
      >
        <PersonField user={user} />
      </Form>
    </Modal>
  );
}

function EditDialog({ room }: { room: string }) {
  const info = chat.peek()!.conversations.peek().get(`room:${room}`)?.info.peek() as RoomChannel;
  const { own } = powersIn(info);
  const title = useSignal(info.title || room);
  const topic = useSignal(info.topic);
  const isPrivate = useSignal(info.visibility === 'private');
  return (
    <Modal title={own ? 'Edit room' : 'Set the topic'}>
      <Form
        action="Save"
        onSubmit={async () => {
          const changes: Record<string, string> = {};
          const visibility = isPrivate.value ? 'private' : 'public';
          if (title.value.trim() !== (info.title || room)) changes.title = title.value.trim();
          if (topic.value.trim() !== info.topic) changes.topic = topic.value.trim();
          if (visibility !== info.visibility) changes.visibility = visibility;
          if (Object.keys(changes).length === 0) return;
          await call('chat.set', { room, ...changes });
          await chat.peek()!.sync();
        }}
      >
        {own && (
          <Labelled label="Name" hint={`Its address stays #${room}`}>
            <input
              required
              maxLength={limits.title}
              value={title.value}
              onInput={(event) => (title.value = event.currentTarget.value)}
            />
          </Labelled>
        )}
        <Labelled label="Topic">
          <textarea
            rows={3}
            maxLength={limits.topic}
            value={topic.value}
            onInput={(event) => (topic.value = event.currentTarget.value)}
          />
        </Labelled>
        {own && (
          <label class="check">
            <input
              type="checkbox"
              checked={isPrivate.value}
              onChange={(event) => (isPrivate.value = event.currentTarget.checked)}
            />
            <span>
              <b>By invitation only</b>
            </span>
          </label>
        )}
      </Form>
    </Modal>
  );
}

const spans: [number, string][] = [
  [600, '10 minutes'],
  [3600, '1 hour'],
  [86_400, '1 day'],
  [604_800, '1 week'],
  [0, 'For good'],
];

function SanctionDialog(props: Extract<Dialog, { kind: 'sanction' }>) {
  const { room, user, name, act } = props;
  const seconds = useSignal(act === 'mute' ? 3600 : 86_400);
  const reason = useSignal('');
  const title = {
    kick: `Remove ${name} from the room?`,
    ban: `Ban ${name}?`,
    mute: `Mute ${name}?`,
  }[act];
  const text = {
    kick: 'They may come back if the room is public.',
    ban: 'They lose access at once, on all their devices, and cannot come back meanwhile.',
    mute: 'They can read but not write.',
  }[act];
  return (
    <Modal title={title}>
      <Form
        action={{ kick: 'Remove', ban: 'Ban', mute: 'Mute' }[act]}
        isDanger
        onSubmit={async () => {
          const data: Record<string, unknown> = { room, user };
          if (act !== 'kick' && seconds.value > 0) data.seconds = seconds.value;
          if (reason.value.trim()) data.reason = reason.value.trim();
          await call(`chat.${act}`, data);
          refresh();
        }}
      >
        <p class="faint">{text}</p>
        {act !== 'kick' && (
          <Labelled label="For how long">
            <select
              value={seconds.value}
              onChange={(event) => (seconds.value = Number(event.currentTarget.value))}
            >
              {spans.map(([value, label]) => (
                <option key={value} value={value}>
                  {label}
                </option>
              ))}
            </select>
          </Labelled>
        )}
        <Labelled label="Reason (optional)" hint="The room and the person are told.">
          <input
            maxLength={200}
            value={reason.value}
            onInput={(event) => (reason.value = event.currentTarget.value)}
          />
        </Labelled>
      </Form>
    </Modal>
  );
}

function ConfirmDialog(props: Extract<Dialog, { kind: 'confirm' }>) {
  return (
    <Modal title={props.title}>
      <Form
        action={props.action}
        isDanger
        onSubmit={async () => {
          await props.run();
        }}
      >
        <p class="confirm-text">{props.text}</p>
      </Form>
    </Modal>
  );
}

const shortcuts: [string, string][] = [
  [`${commandKey}K`, 'Jump to a conversation'],
  ['Alt ↑ / Alt ↓', 'Previous or next conversation'],
  ['Alt Shift ↑ / ↓', 'Previous or next unread one'],
  ['↑ in an empty field', 'Edit your last message'],
  ['↑ ↓ in the messages', 'From one message to another'],
  ['r · e · Delete', 'Reply, edit, delete the message'],
  ['Tab in a message', 'Its actions'],
  ['Shift Enter', 'A new line'],
  [`${commandKey}F`, 'Search in this conversation'],
  ['Esc', 'Close what is open; back to the field'],
];

function ShortcutsDialog() {
  return (
    <Modal title="Keyboard">
      <dl class="shortcuts">
        {shortcuts.map(([keys, what]) => (
          <div key={keys}>
            <dt>
              <kbd>{keys}</kbd>
            </dt>
            <dd>{what}</dd>
          </div>
        ))}
      </dl>
    </Modal>
  );
}

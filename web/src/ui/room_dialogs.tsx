// SPDX-License-Identifier: MIT
// Windows about a room: making one, changing it, deleting it.
import { useSignal, type Signal } from '@preact/signals';
import { call } from '../app/calls';
import { goTo } from '../app/navigation';
import { chat } from '../app/open_chat';
import { powersIn } from '../app/rooms';
import { nameOf, plural } from '../model/format';
import { limits, type Room, type RoomChannel } from '../model/protocol';
import { channelOfRoom, roomNameFor } from '../model/route';
import { bound, Form, Labelled } from './form';
import { Modal } from './modal';

export function CreateDialog() {
  const title = useSignal('');
  const topic = useSignal('');
  const isPrivate = useSignal(false);
  const name = roomNameFor(title.value);
  const create = async () => {
    const made = await call<Room>('chat.create', {
      room: name,
      title: title.value.trim(),
      visibility: isPrivate.value ? 'private' : 'public',
      ...(topic.value.trim() ? { topic: topic.value.trim() } : {}),
    });
    await chat.peek()!.sync();
    goTo(made.channel ?? channelOfRoom(name));
  };
  const hint = name ? `Its address will be #${name}` : 'What people will see';
  return (
    <Modal title="Create a room">
      <Form action="Create" onSubmit={create}>
        <Labelled label="Name" hint={hint}>
          <input
            required
            maxLength={limits.title}
            placeholder="e.g. Release planning"
            {...bound(title)}
          />
        </Labelled>
        <Labelled label="Topic (optional)">
          <input maxLength={limits.topic} {...bound(topic)} />
        </Labelled>
        <PrivateCheck isPrivate={isPrivate} hint="Nobody else can find it or read it." />
      </Form>
    </Modal>
  );
}

export function EditDialog({ room }: { room: string }) {
  const channel = channelOfRoom(room);
  const info = chat.peek()!.conversations.peek().get(channel)?.info.peek() as RoomChannel;
  const { own } = powersIn(info);
  const title = useSignal(info.title || room);
  const topic = useSignal(info.topic);
  const isPrivate = useSignal(info.visibility === 'private');
  const save = async () => {
    const changes: Record<string, string> = {};
    const visibility = isPrivate.value ? 'private' : 'public';
    if (title.value.trim() !== (info.title || room)) changes.title = title.value.trim();
    if (topic.value.trim() !== info.topic) changes.topic = topic.value.trim();
    if (visibility !== info.visibility) changes.visibility = visibility;
    if (Object.keys(changes).length === 0) return;
    await call('chat.set', { room, ...changes });
    await chat.peek()!.sync();
  };
  return (
    <Modal title={own ? 'Edit room' : 'Set the topic'}>
      <Form action="Save" onSubmit={save}>
        {own && (
          <Labelled label="Name" hint={`Its address stays #${room}`}>
            <input required maxLength={limits.title} {...bound(title)} />
          </Labelled>
        )}
        <Labelled label="Topic">
          <textarea rows={3} maxLength={limits.topic} {...bound(topic)} />
        </Labelled>
        {own && <PrivateCheck isPrivate={isPrivate} />}
      </Form>
    </Modal>
  );
}

// What is deleted does not come back, so the room's name has to be typed, as it stands there.
export function DeleteRoomDialog({ room }: { room: string }) {
  const channel = channelOfRoom(room);
  const info = chat.peek()!.conversations.peek().get(channel)?.info.peek() as RoomChannel;
  const typed = useSignal('');
  const remove = async () => {
    if (typed.peek().trim().replace(/^#/, '') !== room) {
      throw new Error(`Type “${room}” to delete the room.`);
    }
    await call('chat.delete', { room });
    await chat.peek()!.sync();
  };
  return (
    <Modal title="Delete this room?">
      <Form action="Delete for good" isDanger onSubmit={remove}>
        <p class="confirm-text">
          All messages of “{nameOf(info)}” are lost, for its {plural(info.members, 'member')} as
          well, and so are its members, invitations and bans. This cannot be undone. To keep the
          messages, archive the room instead.
        </p>
        <Labelled label={`Type “${room}” to confirm`}>
          <input required autoComplete="off" autoCapitalize="none" {...bound(typed)} />
        </Labelled>
      </Form>
    </Modal>
  );
}

function PrivateCheck({ isPrivate, hint }: { isPrivate: Signal<boolean>; hint?: string }) {
  return (
    <label class="check">
      <input
        type="checkbox"
        checked={isPrivate.value}
        onChange={(event) => (isPrivate.value = event.currentTarget.checked)}
      />
      <span>
        <b>By invitation only</b>
        {hint && <span class="faint">{hint}</span>}
      </span>
    </label>
  );
}

// SPDX-License-Identifier: MIT
// In place of a conversation, when none is open or the one in the address is not in the list.
import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { call } from '../app/calls';
import { amendAddress, go, route } from '../app/navigation';
import { chat } from '../app/open_chat';
import { dialog } from '../app/overlays';
import { join, openDm } from '../app/rooms';
import { plural } from '../model/format';
import type { Room } from '../model/protocol';
import { channelOfRoom, hashOf, routeOf, type Route } from '../model/route';
import { MenuToggle } from './heading';
import { Mark } from './icons';
import { Empty, Spinner } from './parts';

const lobby = channelOfRoom('lobby'); // the room that everybody is in

export function Nothing() {
  const open = chat.value!;
  const where = route.value;
  const first = open.conversations.value.get(lobby) ?? open.rooms.value[0] ?? open.dms.value[0];
  useEffect(() => {
    if (where.kind !== 'none' || !first) return;
    const next = routeOf(first.channel, open.me);
    amendAddress(hashOf(next)); // so that the way back does not lead here again
    go(next);
  }, [where.kind, first?.channel]);
  if (!open.isSynced.value && !open.syncError.value) {
    return (
      <>
        <header class="heading">
          <MenuToggle />
        </header>
        <div class="list-loading">
          <Spinner label="Connecting" />
        </div>
      </>
    );
  }
  return (
    <>
      <header class="heading">
        <MenuToggle />
      </header>
      <div class="nothing">
        {open.syncError.value ? (
          <Empty title="There is no chat here">
            <p>{open.syncError.value}</p>
          </Empty>
        ) : (
          <Instead where={where} />
        )}
      </div>
    </>
  );
}

function Instead({ where }: { where: Route }) {
  switch (where.kind) {
    case 'room':
      return <Preview room={where.room} key={where.room} />;
    case 'dm':
      return (
        <Empty title={`Write to ${where.user}?`}>
          <button type="button" class="button is-primary" onClick={() => void openDm(where.user)}>
            Start a conversation
          </button>
        </Empty>
      );
    case 'none':
      return (
        <Empty title="Nothing is open">
          <Mark size={56} />
          <p>Browse the rooms, or write to somebody.</p>
        </Empty>
      );
  }
}

// A room that one is not in.
function Preview({ room }: { room: string }) {
  const found = useSignal<Room | undefined>(undefined);
  const error = useSignal(false);
  useEffect(() => {
    call<Room>('chat.room', { room })
      .then((answer) => (found.value = answer))
      .catch(() => (error.value = true));
  }, [room]);
  if (error.value) {
    return (
      <Empty title="There is no such room">
        <p>Or it is not open to you: “{room}”. Ask somebody in it for an invitation.</p>
        <button type="button" class="button" onClick={() => (dialog.value = { kind: 'browse' })}>
          Browse rooms
        </button>
      </Empty>
    );
  }
  if (!found.value) return <Spinner label="Looking for the room" />;
  return (
    <Empty title={found.value.title || room}>
      <p>{found.value.topic}</p>
      <p class="faint">{plural(found.value.members, 'member')}</p>
      <button type="button" class="button is-primary" onClick={() => void join(room)}>
        Join room
      </button>
    </Empty>
  );
}

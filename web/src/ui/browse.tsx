// SPDX-License-Identifier: MIT
// All rooms that one may see.
import { useSignal, type Signal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { call } from '../app/calls';
import { goTo } from '../app/navigation';
import { dialog } from '../app/overlays';
import { enter } from '../app/rooms';
import { messageOf } from '../model/codes';
import { plural } from '../model/format';
import type { Room } from '../model/protocol';
import { channelOfRoom } from '../model/route';
import { bound, FormError } from './form';
import { Icon } from './icons';
import { Modal } from './modal';
import { roomIcon, Spinner } from './parts';

const typingMs = 200; // while somebody types, not each letter is asked for

export function BrowseDialog() {
  const query = useSignal('');
  const { rooms, next, error, load } = useRooms(query);
  const come = (room: string) =>
    enter(room).catch((problem: unknown) => (error.value = messageOf(problem)));
  return (
    <Modal title="Rooms" class="browse">
      <div class="browse-top">
        <input
          type="search"
          aria-label="Search rooms"
          placeholder="Search rooms"
          {...bound(query)}
        />
        <button
          type="button"
          class="button is-primary"
          onClick={() => (dialog.value = { kind: 'create' })}
        >
          <Icon name="plus" size={17} /> Create
        </button>
      </div>
      <FormError text={error.value} />
      <ul class="browse-list">
        {rooms.value?.map((each) => (
          <Line key={each.room} room={each} onJoin={() => void come(each.room)} />
        ))}
      </ul>
      {rooms.value === undefined && !error.value && <Spinner label="Loading rooms" />}
      {rooms.value?.length === 0 && <p class="faint">No rooms of that name.</p>}
      {next.value && (
        <button type="button" class="button is-wide" onClick={() => void load(next.value)}>
          More rooms
        </button>
      )}
    </Modal>
  );
}

// The rooms that fit what is typed, a page at a time.
function useRooms(query: Signal<string>) {
  const rooms = useSignal<Room[] | undefined>(undefined);
  const next = useSignal<string | undefined>(undefined);
  const error = useSignal('');
  const round = useRef(0);
  // An answer that comes after the next question is not shown: it is of what was typed before.
  async function load(after?: string): Promise<void> {
    const mine = ++round.current;
    const words = query.value.trim();
    try {
      const page = await call<{ rooms: Room[]; next?: string }>('chat.rooms', {
        ...(words ? { query: words } : {}),
        ...(after ? { after } : {}),
      });
      if (mine !== round.current) return;
      rooms.value = after ? [...(rooms.value ?? []), ...page.rooms] : page.rooms;
      next.value = page.next;
      error.value = '';
    } catch (problem) {
      if (mine === round.current) error.value = messageOf(problem);
    }
  }
  useEffect(() => {
    const timer = setTimeout(() => void load(), query.value ? typingMs : 0);
    return () => clearTimeout(timer);
  }, [query.value]);
  return { rooms, next, error, load };
}

function Line({ room, onJoin }: { room: Room; onJoin: () => void }) {
  const name = room.title || room.room;
  return (
    <li>
      <span class="browse-icon">
        <Icon name={roomIcon(room)} size={18} />
      </span>
      <span class="browse-text">
        <b>{name}</b>
        <span class="faint">
          {plural(room.members, 'member')}
          {room.archived ? ' · archived' : ''}
          {room.topic ? ` · ${room.topic}` : ''}
        </span>
      </span>
      {room.role !== undefined ? (
        <button
          type="button"
          class="button is-small"
          aria-label={`Open ${name}`}
          onClick={() => goTo(channelOfRoom(room.room))}
        >
          Open
        </button>
      ) : (
        <button
          type="button"
          class="button is-small is-primary"
          aria-label={`Join ${name}`}
          onClick={onJoin}
        >
          Join
        </button>
      )}
    </li>
  );
}

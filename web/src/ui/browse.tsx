// SPDX-License-Identifier: MIT
// All rooms that one may see.
import { useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { enter } from '../app/actions';
import { chat, dialog, goTo } from '../app/state';
import { plural } from '../model/format';
import type { Room } from '../model/protocol';
import { messageOf } from '../net/socket';
import { Icon } from './icons';
import { FormError, Modal, Spinner } from './parts';

export function BrowseDialog() {
  const query = useSignal('');
  const rooms = useSignal<Room[] | undefined>(undefined);
  const next = useSignal<string | undefined>(undefined);
  const error = useSignal('');
  const round = useRef(0);

  async function load(after?: string): Promise<void> {
    const mine = ++round.current;
    const words = query.value.trim();
    try {
      const page = await chat.peek()!.rpc<{ rooms: Room[]; next?: string }>('chat.rooms', {
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
  const come = (room: string) =>
    enter(room).catch((problem: unknown) => (error.value = messageOf(problem)));
  useEffect(() => {
    const timer = setTimeout(() => void load(), query.value ? 200 : 0);
    return () => clearTimeout(timer);
  }, [query.value]);

  return (
    <Modal title="Rooms" class="browse">
      <div class="browse-top">
        <input
          type="search"
          aria-label="Search rooms"
          placeholder="Search rooms"
          value={query.value}
          onInput={(event) => (query.value = event.currentTarget.value)}
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
          <li key={each.room}>
            <span class="browse-icon">
              <Icon name={each.visibility === 'private' ? 'lock' : 'hash'} size={18} />
            </span>
            <span class="browse-text">
              <b>{each.title || each.room}</b>
              <span class="faint">
                {plural(each.members, 'member')}
                {each.archived ? ' · archived' : ''}
                {each.topic ? ` · ${each.topic}` : ''}
              </span>
            </span>
            {each.role !== undefined ? (
              <button
                type="button"
                class="button is-small"
                aria-label={`Open ${each.title || each.room}`}
                onClick={() => goTo(`room:${each.room}`)}
              >
                Open
              </button>
            ) : (
              <button
                type="button"
                class="button is-small is-primary"
                aria-label={`Join ${each.title || each.room}`}
                onClick={() => void come(each.room)}
              >
                Join
              </button>
            )}
          </li>
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

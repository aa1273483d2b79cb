// SPDX-License-Identifier: MIT
// The open conversation: its heading, messages, field, and what can stand beside them.
import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { call, hide, join, leave, openDm, powersIn, setBlocked } from '../app/actions';
import { isFocused } from '../app/attention';
import type { Conversation } from '../app/conversation';
import { attempt, chat, current, dialog, go, isDrawerOpen, panel, route } from '../app/state';
import type { Channel, Room, Status } from '../model/protocol';
import { ago, fullTime, nameOf, plural } from '../model/format';
import { hashOf, routeOf } from '../model/route';
import { Banner } from './banner';
import { Composer } from './composer';
import { Icon, Mark } from './icons';
import { isPhone } from './layout';
import { Messages, Typing } from './messages';
import { Avatar, Empty, IconButton, MenuButton, Spinner, type MenuItem } from './parts';
import { MembersPanel } from './people';
import { SearchPanel } from './search';

export function MainPane() {
  const conversation = current.value;
  const isRoom = conversation?.info.value.kind === 'room';
  const isSearch = conversation !== undefined && panel.value === 'search';
  const isMembers = isRoom && panel.value === 'members';
  const isPanel = isSearch || isMembers;
  return (
    <>
      <main class="main" id="main" tabIndex={-1} inert={isPhone.value && isPanel}>
        <Banner />
        {conversation ? (
          <Open conversation={conversation} key={conversation.channel} />
        ) : (
          <Nothing />
        )}
      </main>
      {isSearch && <SearchPanel conversation={conversation} key={conversation.channel} />}
      {isMembers && <MembersPanel conversation={conversation!} key={conversation!.channel} />}
    </>
  );
}

function Open({ conversation }: { conversation: Conversation }) {
  // What had the focus may be gone.
  useEffect(() => {
    if (document.activeElement === document.body) document.getElementById('main')?.focus();
  }, []);
  return (
    <>
      <Heading conversation={conversation} />
      <Messages conversation={conversation} />
      <Composer conversation={conversation} />
      <Typing conversation={conversation} />
    </>
  );
}

const lookAgainMs = 10_000;

const statusWords: Record<Status, string> = { online: 'Online', away: 'Away', offline: 'Offline' };

function Heading({ conversation }: { conversation: Conversation }) {
  const info = conversation.info.value;
  const status = conversation.peerStatus.value;
  const presence = conversation.presence.value;
  const here = presence ? `, ${presence.count} here now` : '';
  return (
    <header class="heading">
      <MenuToggle />
      {info.kind === 'dm' ? (
        <Avatar user={info.user} name={info.name || info.user} size={28} status={status} />
      ) : (
        <Icon name={info.visibility === 'private' ? 'lock' : 'hash'} />
      )}
      <div class="heading-text">
        <h1>{nameOf(info)}</h1>
        <p class="heading-topic">
          {info.kind === 'room' ? info.topic : <Whereabouts conversation={conversation} />}
        </p>
      </div>
      <div class="heading-actions">
        {info.kind === 'room' && (
          <button
            type="button"
            class="members-button"
            aria-pressed={panel.value === 'members'}
            aria-label={`${plural(info.members, 'member')}${here}. Details`}
            title="Members and details"
            onClick={() => (panel.value = panel.value === 'members' ? 'none' : 'members')}
          >
            <Icon name="people" size={18} />
            {presence && <span class="here">{presence.count}</span>}
            {/* How many are members is told with the list only, and may be late. */}
            {!presence && <span class="of-all">{info.members}</span>}
            {presence && presence.count <= info.members && (
              <span class="of-all">/ {info.members}</span>
            )}
          </button>
        )}
        <IconButton
          icon="search"
          label="Search in this conversation"
          isOn={panel.value === 'search'}
          onClick={() => (panel.value = panel.value === 'search' ? 'none' : 'search')}
        />
        <MenuButton label="More" items={() => headingItems(info)}>
          <Icon name="more" />
        </MenuButton>
      </div>
    </header>
  );
}

// Where a private conversation's other side is. No push tells of who is in no room with one.
function Whereabouts({ conversation }: { conversation: Conversation }) {
  const now = useSignal(Date.now());
  useEffect(() => {
    const timer = setInterval(() => {
      now.value = Date.now();
      if (isFocused.peek()) void conversation.loadPresence();
    }, lookAgainMs);
    return () => clearInterval(timer);
  }, []);
  const status = conversation.peerStatus.value;
  const seen = conversation.peerSeen.value;
  if (status !== 'offline' || !seen) return <>{statusWords[status]}</>;
  return <span title={fullTime(seen)}>Last seen {ago(seen, Math.max(now.value, seen))}</span>;
}

export function MenuToggle() {
  const open = chat.value!;
  const me = current.value;
  let waiting = 0;
  for (const each of open.conversations.value.values()) {
    if (each === me) continue;
    const { count, mentions } = each.unread.value;
    waiting += each.info.value.kind === 'dm' ? count : mentions;
  }
  return (
    <button
      type="button"
      class="icon-button drawer-open"
      aria-label={waiting ? `Conversations, ${waiting} waiting` : 'Conversations'}
      aria-expanded={isDrawerOpen.value}
      onClick={() => (isDrawerOpen.value = true)}
    >
      <Icon name="menu" />
      {waiting > 0 && <span class="dot" />}
    </button>
  );
}

function headingItems(info: Channel): (MenuItem | false)[] {
  if (info.kind === 'dm') {
    const isBlocked = chat.peek()!.blocked.peek().has(info.user);
    const name = info.name || info.user;
    return [
      { label: 'Take off the list', icon: 'close', run: () => hide(info.channel) },
      {
        label: isBlocked ? `Unblock ${name}` : `Block ${name}`,
        icon: 'block',
        isDanger: !isBlocked,
        run: () => setBlocked(info.user, !isBlocked),
      },
    ];
  }
  const { room } = info;
  const { own, moderate } = powersIn(info);
  const items: (MenuItem | false)[] = [
    { label: 'Members and details', icon: 'people', run: () => (panel.value = 'members') },
  ];
  if (moderate) {
    items.push(
      { label: 'Invite…', icon: 'userPlus', run: () => (dialog.value = { kind: 'invite', room }) },
      {
        label: own ? 'Edit room…' : 'Set topic…',
        icon: 'edit',
        run: () => (dialog.value = { kind: 'edit', room }),
      },
    );
  }
  if (own) {
    items.push({
      label: info.archived ? 'Reopen room' : 'Archive room…',
      icon: 'archive',
      run: () => archive(room, !info.archived),
    });
  }
  if (info.role !== undefined) {
    items.push(false, {
      label: 'Leave room',
      icon: 'leave',
      isDanger: true,
      run: () => leave(room),
    });
  }
  return items;
}

function archive(room: string, archived: boolean): void {
  const run = async () => {
    await call('chat.archive', { room, archived });
    await chat.peek()!.sync();
  };
  if (!archived) return void attempt(run);
  dialog.value = {
    kind: 'confirm',
    title: 'Archive this room?',
    text: 'Its members can still read it; nobody can write to it until it is reopened.',
    action: 'Archive',
    run,
  };
}

// No conversation is open, or one that is not in the list.
function Nothing() {
  const open = chat.value!;
  const where = route.value;
  const first =
    open.conversations.value.get('room:lobby') ?? open.rooms.value[0] ?? open.dms.value[0];
  useEffect(() => {
    if (where.kind !== 'none' || !first) return;
    const next = routeOf(first.channel, open.me);
    history.replaceState(null, '', hashOf(next));
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
        ) : where.kind === 'room' ? (
          <Preview room={where.room} key={where.room} />
        ) : where.kind === 'dm' ? (
          <Empty title={`Write to ${where.user}?`}>
            <button type="button" class="button is-primary" onClick={() => void openDm(where.user)}>
              Start a conversation
            </button>
          </Empty>
        ) : (
          <Empty title="Nothing is open">
            <Mark size={56} />
            <p>Browse the rooms, or write to somebody.</p>
          </Empty>
        )}
      </div>
    </>
  );
}

// A room that one is not in.
function Preview({ room }: { room: string }) {
  const found = useSignal<Room | undefined>(undefined);
  const error = useSignal(false);
  useEffect(() => {
    chat
      .peek()!
      .rpc<Room>('chat.room', { room })
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

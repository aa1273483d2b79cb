// SPDX-License-Identifier: MIT
// Above a conversation: what it is, who is there, and what can be done with it.
import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { isFocused } from '../app/attention';
import { call } from '../app/calls';
import type { Conversation } from '../app/conversation';
import { current } from '../app/navigation';
import { chat } from '../app/open_chat';
import { dialog, isDrawerOpen, panel, togglePanel } from '../app/overlays';
import { hide, leave, powersIn } from '../app/rooms';
import { attempt } from '../app/toasts';
import { ago, fullTime, nameOf, plural } from '../model/format';
import type { Channel, Status } from '../model/protocol';
import { Icon } from './icons';
import { MenuButton, type MenuItems } from './menu';
import { ConversationIcon, IconButton } from './parts';
import { blockItem } from './person_menu';

const lobby = 'lobby'; // the room that everybody is in
const lookAgainMs = 10_000;

const statusWords: Record<Status, string> = { online: 'Online', away: 'Away', offline: 'Offline' };

export function Heading({ conversation }: { conversation: Conversation }) {
  const info = conversation.info.value;
  const status = conversation.presence.peerStatus.value;
  const presence = conversation.presence.people.value;
  return (
    <header class="heading">
      <MenuToggle />
      <ConversationIcon info={info} avatarSize={28} iconSize={20} status={status} />
      <div class="heading-text">
        <h1>{nameOf(info)}</h1>
        <p class="heading-topic">
          {info.kind === 'room' ? info.topic : <Whereabouts conversation={conversation} />}
        </p>
      </div>
      <div class="heading-actions">
        {info.kind === 'room' && <MembersButton members={info.members} presence={presence} />}
        <IconButton
          icon="search"
          label="Search in this conversation"
          isOn={panel.value === 'search'}
          onClick={() => togglePanel('search')}
        />
        <MenuButton label="More" items={() => headingItems(info)}>
          <Icon name="more" />
        </MenuButton>
      </div>
    </header>
  );
}

// How many are members is told with the list only, and may be late: more may be here than that.
function MembersButton(props: { members: number; presence: { count: number } | undefined }) {
  const { members, presence } = props;
  const here = presence ? `, ${presence.count} here now` : '';
  return (
    <button
      type="button"
      class="members-button"
      aria-pressed={panel.value === 'members'}
      aria-label={`${plural(members, 'member')}${here}. Details`}
      title="Members and details"
      onClick={() => togglePanel('members')}
    >
      <Icon name="people" size={18} />
      {presence && <span class="here">{presence.count}</span>}
      {!presence && <span class="of-all">{members}</span>}
      {presence && presence.count <= members && <span class="of-all">/ {members}</span>}
    </button>
  );
}

// Where a private conversation's other side is. It is asked for again and again: the server does
// not tell of people with whom one shares no room.
function Whereabouts({ conversation }: { conversation: Conversation }) {
  const now = useSignal(Date.now());
  useEffect(() => {
    const timer = setInterval(() => {
      now.value = Date.now();
      if (isFocused.peek()) void conversation.presence.load();
    }, lookAgainMs);
    return () => clearInterval(timer);
  }, []);
  const status = conversation.presence.peerStatus.value;
  const seen = conversation.presence.peerSeen.value;
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

function headingItems(info: Channel): MenuItems {
  if (info.kind === 'dm') {
    return [
      { label: 'Take off the list', icon: 'close', run: () => hide(info.channel) },
      blockItem(info.user, nameOf(info)),
    ];
  }
  const { room } = info;
  const { own, moderate } = powersIn(info);
  const items: MenuItems = [
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
  if (own && room !== lobby) {
    items.push(false, {
      label: 'Delete room…',
      icon: 'trash',
      isDanger: true,
      run: () => (dialog.value = { kind: 'deleteRoom', room }),
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

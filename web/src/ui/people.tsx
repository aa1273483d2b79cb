// SPDX-License-Identifier: MIT
// What can be done with a person, and the pane of who is in a room.
import { signal, useSignal, useSignalEffect } from '@preact/signals';
import { useRef } from 'preact/hooks';
import type { Conversation } from '../app/conversation';
import { call, openDm, powersIn, rememberMembers, rpc, setBlocked } from '../app/actions';
import { attempt, chat, dialog, panel, toast } from '../app/state';
import { fullTime, plural } from '../model/format';
import type {
  Member,
  Present,
  Role,
  RoomChannel,
  RoomDetails,
  Sanction,
  Status,
} from '../model/protocol';
import { composing } from './composer_state';
import { Icon } from './icons';
import { isPhone, useHeldFocus } from './layout';
import { Avatar, IconButton, MenuButton, Spinner, type MenuItem } from './parts';

interface Person {
  user: string;
  name: string;
  role?: Role;
}

export function personMenu(conversation: Conversation, person: Person): (MenuItem | false)[] {
  const open = chat.peek()!;
  const info = conversation.info.peek();
  const room = info.kind === 'room' ? info : undefined;
  const { user, name } = person;
  if (user === open.me) return [];
  const items: (MenuItem | false)[] = [];
  if (room) items.push({ label: 'Send a private message', icon: 'at', run: () => openDm(user) });
  items.push({
    label: 'Mention',
    icon: 'reply',
    run: () => composing(conversation.channel).insertWord(`@${user}`),
  });
  if (room) items.push(...moderation(room, person));
  const isBlocked = open.blocked.peek().has(user);
  items.push(false, {
    label: isBlocked ? `Unblock ${name}` : `Block ${name}`,
    icon: 'block',
    isDanger: !isBlocked,
    run: () => setBlocked(user, !isBlocked),
  });
  return items;
}

function moderation(info: RoomChannel, { user, name, role }: Person): (MenuItem | false)[] {
  const { own, moderate } = powersIn(info);
  if (!moderate || role === 'owner') return [];
  const { room } = info;
  const items: (MenuItem | false)[] = [false];
  const setRole = async (next: Role) => {
    await call('chat.role', { room, user, role: next });
    refresh();
  };
  const make = (next: Role) => () => attempt(() => setRole(next));
  if (own && role === 'moderator') {
    items.push({ label: 'Make an ordinary member', icon: 'shield', run: make('member') });
  } else if (own) {
    items.push({ label: 'Make a moderator', icon: 'shield', run: make('moderator') });
  }
  if (own) {
    items.push({
      label: 'Hand over the room',
      icon: 'crown',
      run: () =>
        (dialog.value = {
          kind: 'confirm',
          title: `Hand the room over to ${name}?`,
          text: 'There is one owner. You will be a moderator, and cannot take it back yourself.',
          action: 'Hand over',
          run: () => setRole('owner'),
        }),
    });
  }
  for (const act of ['mute', 'kick', 'ban'] as const) {
    const label = { mute: 'Mute…', kick: 'Remove from the room…', ban: 'Ban…' }[act];
    const icon = { mute: 'mute', kick: 'kick', ban: 'block' } as const;
    items.push({
      label,
      icon: icon[act],
      isDanger: true,
      run: () => (dialog.value = { kind: 'sanction', room, user, name, act }),
    });
  }
  return items;
}

// Asks the pane to load anew.
const refreshes = signal(0);
export const refresh = (): void => {
  refreshes.value += 1;
};

export function MembersPanel({ conversation }: { conversation: Conversation }) {
  const info = conversation.info.value as RoomChannel;
  const members = useSignal<Member[] | undefined>(undefined);
  const next = useSignal<string | undefined>(undefined);
  const details = useSignal<RoomDetails | undefined>(undefined);
  const { moderate, own } = powersIn(info);

  async function load(after?: string): Promise<void> {
    const page = await rpc<{ members: Member[]; next?: string }>('chat.members', {
      room: info.room,
      ...(after ? { after } : {}),
    });
    if (!page) return;
    members.value = after ? [...(members.value ?? []), ...page.members] : page.members;
    next.value = page.next;
    rememberMembers(conversation.channel, members.value);
  }
  useSignalEffect(() => {
    void refreshes.value;
    void conversation.info.value.last;
    void load();
    void conversation.loadPresence();
    if (moderate) {
      void rpc<RoomDetails>('chat.room', { room: info.room }).then(
        (found) => (details.value = found),
      );
    }
  });

  const aside = useRef<HTMLElement>(null);
  useHeldFocus(aside, isPhone.value);
  const present = new Map(
    (conversation.presence.value?.users ?? []).map((each) => [each.user, each]),
  );
  const count = conversation.presence.value?.count ?? 0;
  return (
    <aside class="panel" aria-label="Room details" ref={aside}>
      <header class="panel-head">
        <h2>Details</h2>
        <IconButton
          icon="close"
          label="Close details"
          data-first-focus
          onClick={() => (panel.value = 'none')}
        />
      </header>
      <div class="panel-scroll">
        <About info={info} own={own} moderate={moderate} />
        {members.value ? (
          <MemberGroups {...{ conversation, present }} members={members.value} info={info} />
        ) : (
          <Spinner label="Loading members" />
        )}
        {next.value && (
          <button type="button" class="button is-wide" onClick={() => void load(next.value)}>
            More members
          </button>
        )}
        {members.value && !conversation.presence.value?.users && count > 0 && (
          <p class="faint panel-note">{plural(count, 'person', 'people')} here now</p>
        )}
        {details.value && <Sanctions room={info.room} details={details.value} />}
      </div>
    </aside>
  );
}

function About({ info, own, moderate }: { info: RoomChannel; own: boolean; moderate: boolean }) {
  const { room } = info;
  return (
    <section class="about">
      <p class="about-title">
        <Icon name={info.visibility === 'private' ? 'lock' : 'hash'} size={17} />
        {info.title || room}
      </p>
      <p class={info.topic ? '' : 'faint'}>{info.topic || 'No topic yet'}</p>
      <p class="faint">
        {info.visibility === 'private' ? 'By invitation' : 'Public room'} ·{' '}
        {plural(info.members, 'member')}
        {info.archived ? ' · archived' : ''}
      </p>
      <div class="about-actions">
        {moderate && (
          <button
            type="button"
            class="button is-small"
            onClick={() => (dialog.value = { kind: 'invite', room })}
          >
            <Icon name="userPlus" size={16} /> Invite
          </button>
        )}
        {moderate && (
          <button
            type="button"
            class="button is-small"
            onClick={() => (dialog.value = { kind: 'edit', room })}
          >
            <Icon name="edit" size={16} /> {own ? 'Edit' : 'Set topic'}
          </button>
        )}
      </div>
    </section>
  );
}

function MemberGroups(props: {
  conversation: Conversation;
  members: Member[];
  present: Map<string, Present>;
  info: RoomChannel;
}) {
  const statusOf = (user: string): Status => props.present.get(user)?.status ?? 'offline';
  const isListed = props.conversation.presence.value?.users !== undefined;
  const byName = (a: Member, b: Member) => (a.name.toLowerCase() < b.name.toLowerCase() ? -1 : 1);
  const here = props.members.filter(({ user }) => statusOf(user) !== 'offline').sort(byName);
  const away = props.members.filter(({ user }) => statusOf(user) === 'offline').sort(byName);
  const groups: [string, Member[]][] = isListed
    ? [
        [`Here now · ${here.length}`, here],
        [`Not here · ${away.length}`, away],
      ]
    : [['Members', [...props.members].sort(byName)]];
  return (
    <>
      {groups.map(
        ([title, list]) =>
          list.length > 0 && (
            <section key={title.split(' ·')[0]}>
              <h3 class="group-title">{title}</h3>
              <ul class="people">
                {list.map((member) => (
                  <MemberRow
                    key={member.user}
                    {...props}
                    member={member}
                    status={isListed ? statusOf(member.user) : undefined}
                  />
                ))}
              </ul>
            </section>
          ),
      )}
    </>
  );
}

function MemberRow(props: {
  conversation: Conversation;
  member: Member;
  status: Status | undefined;
}) {
  const { member, conversation } = props;
  const isMe = member.user === chat.peek()!.me;
  return (
    <li class={props.status === 'offline' ? 'person is-offline' : 'person'}>
      <Avatar user={member.user} name={member.name} size={28} status={props.status} />
      <span class="person-name">
        {member.name}
        {isMe && <span class="faint"> (you)</span>}
      </span>
      {member.role !== 'member' && <span class={`role role-${member.role}`}>{member.role}</span>}
      {!isMe && (
        <MenuButton
          label={`Actions for ${member.name}`}
          items={() => personMenu(conversation, member)}
        >
          <Icon name="more" size={18} />
        </MenuButton>
      )}
    </li>
  );
}

function Sanctions({ room, details }: { room: string; details: RoomDetails }) {
  const list = (title: string, method: string, sanctions: Sanction[] | undefined) =>
    sanctions !== undefined &&
    sanctions.length > 0 && (
      <section>
        <h3 class="group-title">{title}</h3>
        <ul class="people">
          {sanctions.map(({ user, until, reason }) => (
            <li class="person" key={user}>
              <span class="person-name">
                {user}
                <span class="faint">
                  {reason ? ` ${reason}` : ''} {until ? `until ${fullTime(until)}` : ''}
                </span>
              </span>
              <button
                type="button"
                class="button is-small"
                onClick={async () => {
                  if (!(await rpc(method, { room, user }))) return;
                  toast(`Lifted for ${user}.`);
                  refresh();
                }}
              >
                Lift
              </button>
            </li>
          ))}
        </ul>
      </section>
    );
  return (
    <>
      {list('Banned', 'chat.unban', details.bans)}
      {list('Muted', 'chat.unmute', details.mutes)}
    </>
  );
}

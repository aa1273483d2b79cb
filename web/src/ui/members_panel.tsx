// SPDX-License-Identifier: MIT
// The pane beside a room: what it is, and who is in it.
import { useSignal, useSignalEffect } from '@preact/signals';
import { useRef } from 'preact/hooks';
import { rpc } from '../app/calls';
import type { Conversation } from '../app/conversation';
import { membersChanged, membersRevision, rememberMembers } from '../app/members';
import { chat } from '../app/open_chat';
import { dialog, panel } from '../app/overlays';
import { powersIn } from '../app/rooms';
import { toast } from '../app/toasts';
import { fullTime, plural } from '../model/format';
import type {
  Member,
  Present,
  RoomChannel,
  RoomDetails,
  Sanction,
  Status,
} from '../model/protocol';
import { Guarded } from './guarded';
import { Icon } from './icons';
import { isPhone, useHeldFocus } from './layout';
import { MenuButton } from './menu';
import { Avatar, IconButton, roomIcon, Spinner } from './parts';
import { personMenu } from './person_menu';

export function MembersPanel({ conversation }: { conversation: Conversation }) {
  const info = conversation.info.value as RoomChannel;
  const { moderate, own } = powersIn(info);
  const { members, next, details, load } = useMembers(conversation, info, moderate);
  const aside = useRef<HTMLElement>(null);
  useHeldFocus(aside, isPhone.value);
  const present = new Map(
    (conversation.presence.people.value?.users ?? []).map((each) => [each.user, each]),
  );
  const count = conversation.presence.people.value?.count ?? 0;
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
        {members.value && !conversation.presence.people.value?.users && count > 0 && (
          <p class="faint panel-note">{plural(count, 'person', 'people')} here now</p>
        )}
        {details.value && <Sanctions room={info.room} details={details.value} />}
      </div>
    </aside>
  );
}

// The members, a page at a time; for moderators also who is kept out. Loaded anew when that changes
// and when something happens in the room.
function useMembers(conversation: Conversation, info: RoomChannel, moderate: boolean) {
  const members = useSignal<Member[] | undefined>(undefined);
  const next = useSignal<string | undefined>(undefined);
  const details = useSignal<RoomDetails | undefined>(undefined);
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
    void membersRevision.value;
    void conversation.info.value.last;
    void load();
    void conversation.presence.load();
    if (moderate) {
      void rpc<RoomDetails>('chat.room', { room: info.room }).then(
        (found) => (details.value = found),
      );
    }
  });
  return { members, next, details, load };
}

function About({ info, own, moderate }: { info: RoomChannel; own: boolean; moderate: boolean }) {
  const { room } = info;
  return (
    <section class="about">
      <p class="about-title">
        <Icon name={roomIcon(info)} size={17} />
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
  const isListed = props.conversation.presence.people.value?.users !== undefined;
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
                  <Guarded key={member.user} of={member} name="member">
                    <MemberRow
                      {...props}
                      member={member}
                      status={isListed ? statusOf(member.user) : undefined}
                    />
                  </Guarded>
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
                  membersChanged();
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

// SPDX-License-Identifier: MIT
// The list of conversations, and oneself.
import type { ComponentChildren } from 'preact';
import { useRef } from 'preact/hooks';
import { decline, join } from '../app/actions';
import type { Conversation } from '../app/conversation';
import {
  chat,
  current,
  dialog,
  isDrawerOpen,
  signOut,
  theme,
  type Dialog,
  type Theme,
} from '../app/state';
import { badge, nameOf, plural } from '../model/format';
import { hashOf, routeOf } from '../model/route';
import { Icon, Mark } from './icons';
import { isPhone, useHeldFocus } from './layout';
import { Avatar, IconButton, MenuButton, type MenuItem } from './parts';

const isMac = /Mac|iPhone|iPad/.test(navigator.platform);
export const commandKey = isMac ? '⌘' : 'Ctrl ';

const show = (next: Dialog) => () => {
  isDrawerOpen.value = false;
  dialog.value = next;
};

export function Sidebar() {
  const open = chat.value!;
  const rooms = open.rooms.value;
  const dms = open.dms.value;
  const nav = useRef<HTMLElement>(null);
  useHeldFocus(nav, isPhone.value && isDrawerOpen.value);
  return (
    <nav class="sidebar" aria-label="Conversations" ref={nav}>
      <header class="brand">
        <Mark />
        <span class="brand-name">chirm</span>
        <IconButton
          icon="close"
          label="Close the list"
          class="drawer-close"
          data-first-focus
          onClick={() => (isDrawerOpen.value = false)}
        />
      </header>
      <button type="button" class="jump" onClick={show({ kind: 'switcher' })}>
        <Icon name="search" size={16} />
        <span>Jump to…</span>
        <kbd>{commandKey}K</kbd>
      </button>
      <div class="sidebar-scroll">
        <Invitations />
        <Section
          title="Rooms"
          actions={
            <>
              <IconButton
                icon="compass"
                label="Browse rooms"
                size={17}
                onClick={show({ kind: 'browse' })}
              />
              <IconButton
                icon="plus"
                label="Create a room"
                size={17}
                onClick={show({ kind: 'create' })}
              />
            </>
          }
        >
          {rooms.map((each) => (
            <Line key={each.channel} conversation={each} />
          ))}
          {open.isSynced.value && rooms.length === 0 && <li class="sidebar-hint">No rooms yet</li>}
        </Section>
        <Section
          title="Private messages"
          actions={
            <IconButton
              icon="plus"
              label="Write to somebody"
              size={17}
              onClick={show({ kind: 'newDm' })}
            />
          }
        >
          {dms.map((each) => (
            <Line key={each.channel} conversation={each} />
          ))}
          {open.isSynced.value && dms.length === 0 && <li class="sidebar-hint">Nobody yet</li>}
        </Section>
        {!open.isSynced.value && <Skeleton />}
      </div>
      <Me />
    </nav>
  );
}

function Section(props: {
  title: string;
  actions?: ComponentChildren;
  children: ComponentChildren;
}) {
  return (
    <section class="section">
      <header>
        <h2>{props.title}</h2>
        <span class="section-actions">{props.actions}</span>
      </header>
      <ul>{props.children}</ul>
    </section>
  );
}

function Line({ conversation }: { conversation: Conversation }) {
  const info = conversation.info.value;
  const unread = conversation.unread.value;
  const isOpen = current.value === conversation;
  const title = nameOf(info);
  const loud = info.kind === 'dm' ? unread.count : unread.mentions;
  const open = chat.value!;
  void open.outboxRevision.value;
  const hasFailed = open.outbox.hasFailed(conversation.channel);
  const classes = ['line'];
  if (isOpen) classes.push('is-open');
  if (unread.count) classes.push('is-unread');
  if (info.kind === 'room' && info.archived) classes.push('is-archived');
  const told = loud
    ? `, ${loud} ${info.kind === 'dm' ? 'unread' : 'mentions'}`
    : unread.count
      ? `, ${unread.count} unread`
      : '';
  return (
    <li>
      <a
        class={classes.join(' ')}
        href={hashOf(routeOf(conversation.channel, open.me))}
        aria-label={title + told + (hasFailed ? ', not all sent' : '')}
        {...(isOpen ? { 'aria-current': 'page' as const } : {})}
        onClick={() => (isDrawerOpen.value = false)}
      >
        {info.kind === 'dm' ? (
          <Avatar user={info.user} name={title} size={24} status={conversation.peerStatus.value} />
        ) : (
          <Icon name={info.visibility === 'private' ? 'lock' : 'hash'} size={17} />
        )}
        <span class="line-title">{title}</span>
        {hasFailed && (
          <span class="line-failed" title="Something was not sent">
            <Icon name="alert" size={16} />
          </span>
        )}
        {loud > 0 ? (
          <span class="badge is-loud">
            {info.kind === 'room' && '@'}
            {badge(loud)}
          </span>
        ) : (
          unread.count > 0 && <span class="badge">{badge(unread.count)}</span>
        )}
      </a>
    </li>
  );
}

function Invitations() {
  const invited = chat.value!.invited.value;
  if (invited.length === 0) return null;
  return (
    <Section title="Invitations">
      {invited.map((each) => (
        <li class="invitation" key={each.room}>
          <Icon name="bell" size={17} />
          <span>
            <b>{each.title || each.room}</b>
            {each.by && <span class="faint"> by {each.by}</span>}
          </span>
          <button type="button" class="button is-small" onClick={() => void join(each.room)}>
            Join
          </button>
          <IconButton
            icon="close"
            label={`Decline the invitation to ${each.title || each.room}`}
            size={16}
            onClick={() => void decline(each.room)}
          />
        </li>
      ))}
    </Section>
  );
}

function Skeleton() {
  return (
    <div class="skeleton" aria-hidden="true">
      {[70, 52, 84, 60].map((width) => (
        <svg key={width} width={`${width}%`} height="14">
          <rect width="100%" height="14" rx="5" />
        </svg>
      ))}
    </div>
  );
}

const themes: [Theme, string][] = [
  ['system', 'As the system'],
  ['light', 'Light'],
  ['dark', 'Dark'],
];

function Me() {
  const open = chat.value!;
  const session = open.session.value;
  const leave = () => {
    if (open.outbox.unsent === 0) return signOut();
    dialog.value = {
      kind: 'confirm',
      title: 'Sign out now?',
      text: losses().trim(),
      action: 'Sign out',
      run: () => signOut(),
    };
  };
  const items = (): (MenuItem | false)[] => {
    const made: (MenuItem | false)[] = themes.map(([value, label]) => ({
      label,
      icon: 'sun',
      isChecked: theme.peek() === value,
      run: () => (theme.value = value),
    }));
    made.push(false, { label: 'Keyboard', icon: 'keyboard', run: show({ kind: 'shortcuts' }) });
    if (session.role !== 'guest' && !session.isExternal) {
      made.push({ label: 'Change password', icon: 'key', run: show({ kind: 'account' }) });
    }
    if (session.role === 'admin') {
      made.push({ label: 'Operators’ page', icon: 'chart', run: () => void window.open('/admin') });
    }
    if (!session.isExternal) {
      made.push({ label: 'Sign out everywhere', icon: 'leave', run: () => confirmEverywhere() });
    }
    made.push({ label: 'Sign out', icon: 'leave', run: leave });
    return made;
  };
  const isOnline = open.link.value.state !== 'lost' && open.link.value.state !== 'connecting';
  return (
    <footer class="me">
      <Avatar
        user={open.me}
        name={session.name}
        size={32}
        status={isOnline ? 'online' : 'offline'}
      />
      <span class="me-name">
        <b>{session.name}</b>
        <span class="faint">{session.role === 'guest' ? 'Guest' : `@${open.me}`}</span>
      </span>
      <MenuButton label="Your account" items={items}>
        <Icon name="more" />
      </MenuButton>
    </footer>
  );
}

function losses(): string {
  const { unsent } = chat.peek()!.outbox;
  if (unsent === 0) return '';
  const are = unsent === 1 ? 'is' : 'are';
  return ` ${plural(unsent, 'message')} of yours ${are} not sent, and would be lost.`;
}

function confirmEverywhere(): void {
  dialog.value = {
    kind: 'confirm',
    title: 'Sign out on all devices?',
    text: `You will have to sign in again wherever you use chirm.${losses()}`,
    action: 'Sign out everywhere',
    run: () => signOut(true),
  };
}

// SPDX-License-Identifier: MIT
// The list of conversations.
import type { ComponentChildren } from 'preact';
import { useRef } from 'preact/hooks';
import type { Conversation } from '../app/conversation';
import { current } from '../app/navigation';
import { chat } from '../app/open_chat';
import { isDrawerOpen, showDialog, type Dialog } from '../app/overlays';
import { decline, join } from '../app/rooms';
import { badge, nameOf } from '../model/format';
import type { Invitation } from '../model/protocol';
import { hashOf, routeOf } from '../model/route';
import { Guarded } from './guarded';
import { Icon, Mark, type IconName } from './icons';
import { isPhone, useHeldFocus } from './layout';
import { Me } from './me';
import { ConversationIcon, IconButton } from './parts';
import { commandKey } from './shortcuts';

export function Sidebar() {
  const open = chat.value!;
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
      <button type="button" class="jump" onClick={() => showDialog({ kind: 'switcher' })}>
        <Icon name="search" size={16} />
        <span>Jump to…</span>
        <kbd>{commandKey()}K</kbd>
      </button>
      <div class="sidebar-scroll">
        <Invitations />
        <Conversations title="Rooms" all={open.rooms.value} none="No rooms yet">
          <Action icon="compass" label="Browse rooms" shows={{ kind: 'browse' }} />
          <Action icon="plus" label="Create a room" shows={{ kind: 'create' }} />
        </Conversations>
        <Conversations title="Private messages" all={open.dms.value} none="Nobody yet">
          <Action icon="plus" label="Write to somebody" shows={{ kind: 'newDm' }} />
        </Conversations>
        {!open.isSynced.value && <Skeleton />}
      </div>
      <Me />
    </nav>
  );
}

// `children`: what can be done about them.
function Conversations(props: {
  title: string;
  all: Conversation[];
  none: string;
  children: ComponentChildren;
}) {
  const isEmpty = chat.value!.isSynced.value && props.all.length === 0;
  return (
    <Section title={props.title} actions={props.children}>
      {props.all.map((each) => (
        <Guarded key={each.channel} of={each.info.value} name="conversation">
          <Line conversation={each} />
        </Guarded>
      ))}
      {isEmpty && <li class="sidebar-hint">{props.none}</li>}
    </Section>
  );
}

function Action({ icon, label, shows }: { icon: IconName; label: string; shows: Dialog }) {
  return <IconButton icon={icon} label={label} size={17} onClick={() => showDialog(shows)} />;
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
        <ConversationIcon
          info={info}
          avatarSize={24}
          iconSize={17}
          status={conversation.presence.peerStatus.value}
        />
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
        <Guarded key={each.room} of={each} name="invitation">
          <InvitationLine each={each} />
        </Guarded>
      ))}
    </Section>
  );
}

function InvitationLine({ each }: { each: Invitation }) {
  return (
    <li class="invitation">
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

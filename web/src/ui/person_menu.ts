// SPDX-License-Identifier: MIT
// What can be done with a person.
import { call } from '../app/calls';
import type { Conversation } from '../app/conversation';
import { membersChanged } from '../app/members';
import { chat } from '../app/open_chat';
import { dialog } from '../app/overlays';
import { openDm, powersIn, setBlocked } from '../app/rooms';
import { attempt } from '../app/toasts';
import type { Role, RoomChannel } from '../model/protocol';
import { composing } from './composer_state';
import type { MenuItem, MenuItems } from './menu';

export function blockItem(user: string, name: string): MenuItem {
  const isBlocked = chat.peek()!.blocked.peek().has(user);
  return {
    label: isBlocked ? `Unblock ${name}` : `Block ${name}`,
    icon: 'block',
    isDanger: !isBlocked,
    run: () => setBlocked(user, !isBlocked),
  };
}

interface Person {
  user: string;
  name: string;
  role?: Role;
}

export function personMenu(conversation: Conversation, person: Person): MenuItems {
  const info = conversation.info.peek();
  const room = info.kind === 'room' ? info : undefined;
  const { user, name } = person;
  if (user === chat.peek()!.me) return [];
  const items: MenuItems = [];
  if (room) items.push({ label: 'Send a private message', icon: 'at', run: () => openDm(user) });
  items.push({
    label: 'Mention',
    icon: 'reply',
    run: () => composing(conversation.channel).insertWord(`@${user}`),
  });
  if (room) items.push(...moderation(room, person));
  items.push(false, blockItem(user, name));
  return items;
}

const sanctions = [
  ['mute', 'Mute…', 'mute'],
  ['kick', 'Remove from the room…', 'kick'],
  ['ban', 'Ban…', 'block'],
] as const;

function moderation(info: RoomChannel, { user, name, role }: Person): MenuItems {
  const { own, moderate } = powersIn(info);
  if (!moderate || role === 'owner') return [];
  const { room } = info;
  const items: MenuItems = [false];
  const setRole = async (next: Role) => {
    await call('chat.role', { room, user, role: next });
    membersChanged();
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
  for (const [act, label, icon] of sanctions) {
    items.push({
      label,
      icon,
      isDanger: true,
      run: () => (dialog.value = { kind: 'sanction', room, user, name, act }),
    });
  }
  return items;
}

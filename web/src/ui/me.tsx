// SPDX-License-Identifier: MIT
// Oneself, below the list of conversations: the account and how the page looks.
import { chat } from '../app/open_chat';
import { dialog, showDialog } from '../app/overlays';
import { signOut } from '../app/session';
import { theme, type Theme } from '../app/theme';
import { plural } from '../model/format';
import type { Session } from '../model/protocol';
import { Icon } from './icons';
import { MenuButton, type MenuItems } from './menu';
import { Avatar } from './parts';

const themes: [Theme, string][] = [
  ['system', 'As the system'],
  ['light', 'Light'],
  ['dark', 'Dark'],
];

export function Me() {
  const open = chat.value!;
  const session = open.session.value;
  const { state } = open.link.value;
  const isOnline = state !== 'lost' && state !== 'connecting';
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
      <MenuButton label="Your account" items={() => accountItems(session)}>
        <Icon name="more" />
      </MenuButton>
    </footer>
  );
}

function accountItems(session: Session): MenuItems {
  const items: MenuItems = themes.map(([value, label]) => ({
    label,
    icon: 'sun',
    isChecked: theme.peek() === value,
    run: () => (theme.value = value),
  }));
  items.push(false, {
    label: 'Keyboard',
    icon: 'keyboard',
    run: () => showDialog({ kind: 'shortcuts' }),
  });
  if (session.role !== 'guest' && !session.isExternal) {
    const run = () => showDialog({ kind: 'account' });
    items.push({ label: 'Change password', icon: 'key', run });
    const see = () => showDialog({ kind: 'sessions' });
    items.push({ label: 'Where you are signed in', icon: 'people', run: see });
  }
  if (session.role === 'admin') {
    items.push({ label: 'Operators’ page', icon: 'chart', run: () => void window.open('/admin') });
  }
  if (!session.isExternal) {
    items.push({ label: 'Sign out everywhere', icon: 'leave', run: confirmEverywhere });
  }
  items.push({ label: 'Sign out', icon: 'leave', run: leave });
  return items;
}

// Asks before, when something would be lost.
function leave(): unknown {
  if (chat.peek()!.outbox.unsent === 0) return signOut();
  dialog.value = {
    kind: 'confirm',
    title: 'Sign out now?',
    text: losses().trim(),
    action: 'Sign out',
    run: () => signOut(),
  };
  return undefined;
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

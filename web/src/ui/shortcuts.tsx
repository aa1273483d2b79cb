// SPDX-License-Identifier: MIT
// Keys that work everywhere, and the window that tells of all keys.
import { current, goTo } from '../app/navigation';
import { chat } from '../app/open_chat';
import { dialog, isDrawerOpen, panel } from '../app/overlays';
import { Modal } from './modal';

// The key to hold for shortcuts, as it is labelled on the keyboard.
export function commandKey(): string {
  return /Mac|iPhone|iPad/.test(navigator.platform) ? '⌘' : 'Ctrl ';
}

// While somebody is signed in.
export function onShortcut(event: KeyboardEvent): void {
  const isCommand = (event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey;
  if (isCommand && event.key.toLowerCase() === 'k') {
    dialog.value = dialog.peek()?.kind === 'switcher' ? undefined : { kind: 'switcher' };
  } else if (isCommand && event.key.toLowerCase() === 'f' && current.peek() && !dialog.peek()) {
    panel.value = 'search';
  } else if (event.altKey && (event.key === 'ArrowUp' || event.key === 'ArrowDown')) {
    step(event.key === 'ArrowUp' ? -1 : 1, event.shiftKey);
  } else if (event.key === 'Escape' && !dialog.peek()) {
    if (isDrawerOpen.peek()) isDrawerOpen.value = false;
    else if (panel.peek() !== 'none') panel.value = 'none';
    else document.querySelector<HTMLElement>('.composer textarea')?.focus();
  } else {
    return;
  }
  event.preventDefault();
}

// To the next conversation in the list, round its end.
function step(direction: number, onlyUnread: boolean): void {
  const open = chat.peek()!;
  const all = [...open.rooms.peek(), ...open.dms.peek()];
  const at = all.indexOf(current.peek()!);
  for (let i = 1; i <= all.length; ++i) {
    const next = all[(at + direction * i + all.length * 2) % all.length]!;
    if (onlyUnread && next.unread.peek().count === 0) continue;
    return goTo(next.channel);
  }
}

const shortcuts = (): [string, string][] => [
  [`${commandKey()}K`, 'Jump to a conversation'],
  ['Alt ↑ / Alt ↓', 'Previous or next conversation'],
  ['Alt Shift ↑ / ↓', 'Previous or next unread one'],
  ['↑ in an empty field', 'Edit your last message'],
  ['↑ ↓ in the messages', 'From one message to another'],
  ['r · e · Delete', 'Reply, edit, delete the message'],
  ['Tab in a message', 'Its actions'],
  ['Shift Enter', 'A new line'],
  [`${commandKey()}F`, 'Search in this conversation'],
  ['Esc', 'Close what is open; back to the field'],
];

export function ShortcutsDialog() {
  return (
    <Modal title="Keyboard">
      <dl class="shortcuts">
        {shortcuts().map(([keys, what]) => (
          <div key={keys}>
            <dt>
              <kbd>{keys}</kbd>
            </dt>
            <dd>{what}</dd>
          </div>
        ))}
      </dl>
    </Modal>
  );
}

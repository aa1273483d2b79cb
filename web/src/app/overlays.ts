// SPDX-License-Identifier: MIT
// What stands over the conversation or beside it: a dialog, a panel, on a phone the drawer with the
// list of conversations.
import { signal } from '@preact/signals';

export type Dialog =
  | { kind: 'switcher' | 'browse' | 'create' | 'newDm' | 'account' | 'sessions' | 'shortcuts' }
  | { kind: 'invite' | 'edit' | 'deleteRoom'; room: string }
  | { kind: 'sanction'; room: string; user: string; name: string; act: 'ban' | 'mute' | 'kick' }
  | { kind: 'confirm'; title: string; text: string; action: string; run: () => unknown };

export type Panel = 'none' | 'members' | 'search';

export const dialog = signal<Dialog | undefined>(undefined);
export const panel = signal<Panel>('none');
export const isDrawerOpen = signal(false);

// From the list, which is in the drawer on a phone.
export function showDialog(next: Dialog): void {
  isDrawerOpen.value = false;
  dialog.value = next;
}

export function closeDialog(): void {
  dialog.value = undefined;
}

// Shows the panel, or hides it when it is there.
export function togglePanel(wanted: Panel): void {
  panel.value = panel.peek() === wanted ? 'none' : wanted;
}

// Whoever goes elsewhere has done with what lies over the conversation. A panel stands beside it.
export function uncover(): void {
  closeDialog();
  isDrawerOpen.value = false;
}

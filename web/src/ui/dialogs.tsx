// SPDX-License-Identifier: MIT
// The windows over the page: which one is open.
import { dialog, type Dialog } from '../app/overlays';
import { AccountDialog } from './account';
import { BrowseDialog } from './browse';
import { Form } from './form';
import { Modal } from './modal';
import { InviteDialog, NewDmDialog, SanctionDialog } from './person_dialogs';
import { CreateDialog, DeleteRoomDialog, EditDialog } from './room_dialogs';
import { SessionsDialog } from './sessions';
import { ShortcutsDialog } from './shortcuts';
import { Switcher } from './switcher';

export function Dialogs() {
  const open = dialog.value;
  if (!open) return null;
  switch (open.kind) {
    case 'switcher':
      return <Switcher />;
    case 'browse':
      return <BrowseDialog />;
    case 'create':
      return <CreateDialog />;
    case 'newDm':
      return <NewDmDialog />;
    case 'account':
      return <AccountDialog />;
    case 'sessions':
      return <SessionsDialog />;
    case 'shortcuts':
      return <ShortcutsDialog />;
    case 'invite':
      return <InviteDialog room={open.room} />;
    case 'edit':
      return <EditDialog room={open.room} />;
    case 'deleteRoom':
      return <DeleteRoomDialog room={open.room} />;
    case 'sanction':
      return <SanctionDialog {...open} />;
    case 'confirm':
      return <ConfirmDialog {...open} />;
  }
}

function ConfirmDialog(props: Extract<Dialog, { kind: 'confirm' }>) {
  return (
    <Modal title={props.title}>
      <Form
        action={props.action}
        isDanger
        onSubmit={async () => {
          await props.run();
        }}
      >
        <p class="confirm-text">{props.text}</p>
      </Form>
    </Modal>
  );
}

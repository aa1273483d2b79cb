// SPDX-License-Identifier: MIT
// Asks before something is done that cannot be undone.
import { FormActions } from '../ui/form';
import { Modal } from '../ui/modal';

export interface Question {
  title: string;
  text: string;
  action: string;
  run: () => unknown;
}

export function Ask({ title, text, action, run, onClose }: Question & { onClose: () => void }) {
  const act = () => {
    onClose();
    void run();
  };
  return (
    <Modal title={title} onClose={onClose}>
      <p class="confirm-text">{text}</p>
      <FormActions action={action} isDanger onCancel={onClose} onAction={act} />
    </Modal>
  );
}

// SPDX-License-Identifier: MIT
// Asks before something is done that cannot be undone.
import { Modal } from '../ui/parts';

export interface Question {
  title: string;
  text: string;
  action: string;
  run: () => unknown;
}

export function Ask({ title, text, action, run, onClose }: Question & { onClose: () => void }) {
  return (
    <Modal title={title} onClose={onClose}>
      <p class="confirm-text">{text}</p>
      <div class="form-actions">
        <button type="button" class="button" onClick={onClose}>
          Cancel
        </button>
        <button
          type="button"
          class="button is-danger"
          onClick={() => {
            onClose();
            void run();
          }}
        >
          {action}
        </button>
      </div>
    </Modal>
  );
}

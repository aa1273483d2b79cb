// SPDX-License-Identifier: MIT
// A word to everybody who is connected.
import { useSignal } from '@preact/signals';
import { messageOf } from '../model/codes';
import { plural } from '../model/format';
import { bound, FormActions, FormError, Labelled } from '../ui/form';
import { Modal } from '../ui/modal';
import type { Operator } from './operator';

const textMax = 500;

// `onClose` is given what to tell the operator, "" when nothing was sent.
export function NoticeDialog(props: { operator: Operator; onClose: (told: string) => void }) {
  const { operator, onClose } = props;
  const text = useSignal('');
  const error = useSignal('');
  const submit = async (event: Event) => {
    event.preventDefault();
    try {
      const { connections } = await operator.rpc<{ connections: number }>('admin.notice', {
        text: text.value.trim(),
      });
      onClose(`Your notice went to ${plural(connections, 'connection')}.`);
    } catch (problem) {
      error.value = messageOf(problem);
    }
  };
  return (
    <Modal title="Notice to everybody" onClose={() => onClose('')}>
      <form class="form" onSubmit={submit}>
        <Labelled label="What everybody who is connected will see">
          <textarea rows={4} required maxLength={textMax} {...bound(text)} />
        </Labelled>
        <FormError text={error.value} />
        <FormActions action="Send to all" onCancel={() => onClose('')} />
      </form>
    </Modal>
  );
}

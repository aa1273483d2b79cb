// SPDX-License-Identifier: MIT
// A new password.
import { useSignal, type Signal } from '@preact/signals';
import { chat } from '../app/open_chat';
import { signedIn } from '../app/session';
import { toast } from '../app/toasts';
import { limits } from '../model/protocol';
import { auth } from '../net/auth';
import { bound, Form, Labelled } from './form';
import { Modal } from './modal';

export function AccountDialog() {
  const old = useSignal('');
  const next = useSignal('');
  const again = useSignal('');
  const { name } = chat.value!.session.value;
  const change = async () => {
    if (next.value !== again.value) throw new Error('The new passwords are not the same.');
    signedIn(await auth.password(name, old.value, next.value));
    toast('Your password is changed. You are signed out everywhere else.');
  };
  return (
    <Modal title="Change password">
      <Form action="Change password" onSubmit={change}>
        {/* For password managers, which want to know whose it is. */}
        <input
          type="text"
          class="hidden"
          autocomplete="username"
          value={name}
          readOnly
          tabIndex={-1}
          aria-hidden="true"
        />
        <Labelled label="Current password">
          <input type="password" required autocomplete="current-password" {...bound(old)} />
        </Labelled>
        <NewPassword label="New password" hint="At least 8 characters" text={next} />
        <NewPassword label="New password again" text={again} />
      </Form>
    </Modal>
  );
}

function NewPassword(props: { label: string; hint?: string; text: Signal<string> }) {
  return (
    <Labelled label={props.label} hint={props.hint}>
      <input
        type="password"
        required
        minLength={limits.passwordMin}
        maxLength={limits.password}
        autocomplete="new-password"
        {...bound(props.text)}
      />
    </Labelled>
  );
}

// SPDX-License-Identifier: MIT
// A new password.
import { useSignal } from '@preact/signals';
import { chat, signedIn, toast } from '../app/state';
import { auth } from '../net/auth';
import { Form } from './dialogs';
import { Labelled, Modal } from './parts';

export function AccountDialog() {
  const old = useSignal('');
  const next = useSignal('');
  const again = useSignal('');
  const { name } = chat.value!.session.value;
  return (
    <Modal title="Change password">
      <Form
        action="Change password"
        onSubmit={async () => {
          if (next.value !== again.value) throw new Error('The new passwords are not the same.');
          signedIn(await auth.password(name, old.value, next.value));
          toast('Your password is changed. You are signed out everywhere else.');
        }}
      >
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
          <input
            type="password"
            required
            autocomplete="current-password"
            value={old.value}
            onInput={(event) => (old.value = event.currentTarget.value)}
          />
        </Labelled>
        <Labelled label="New password" hint="At least 8 characters">
          <input
            type="password"
            required
            minLength={8}
            maxLength={128}
            autocomplete="new-password"
            value={next.value}
            onInput={(event) => (next.value = event.currentTarget.value)}
          />
        </Labelled>
        <Labelled label="New password again">
          <input
            type="password"
            required
            minLength={8}
            maxLength={128}
            autocomplete="new-password"
            value={again.value}
            onInput={(event) => (again.value = event.currentTarget.value)}
          />
        </Labelled>
      </Form>
    </Modal>
  );
}

// SPDX-License-Identifier: MIT
// Where one is signed in, and ending that.
import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { call } from '../app/calls';
import { messageOf } from '../model/codes';
import { agentName, ago } from '../model/format';
import { FormError } from './form';
import { Modal } from './modal';
import { Spinner } from './parts';

interface SignIn {
  id: string;
  created: number;
  used: number;
  agent?: string;
  current?: boolean;
}

export function SessionsDialog() {
  const sessions = useSignal<SignIn[] | undefined>(undefined);
  const error = useSignal('');
  const look = async () => {
    const answer = await call<{ sessions: SignIn[] }>('account.sessions', {});
    sessions.value = answer.sessions.sort((a, b) => b.used - a.used);
  };
  const trying = async (act: () => Promise<unknown>) => {
    error.value = '';
    try {
      await act();
    } catch (problem) {
      error.value = messageOf(problem);
    }
  };
  const end = (session: string) =>
    trying(async () => {
      await call('account.end_session', { session });
      await look();
    });
  useEffect(() => void trying(look), []);
  const now = Date.now();
  return (
    <Modal title="Where you are signed in">
      <FormError text={error.value} />
      {!sessions.value && !error.value && <Spinner label="Asking" />}
      <ul class="session-list">
        {sessions.value?.map((each) => (
          <li key={each.id}>
            <span>
              <span>
                {agentName(each.agent)}
                {each.current && <b> · this one</b>}
              </span>
              <span class="faint">
                since {ago(each.created, now)}, used {ago(each.used, now)}
              </span>
            </span>
            {!each.current && (
              <button type="button" class="button is-small" onClick={() => void end(each.id)}>
                End
              </button>
            )}
          </li>
        ))}
      </ul>
    </Modal>
  );
}

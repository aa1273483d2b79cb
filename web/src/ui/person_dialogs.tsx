// SPDX-License-Identifier: MIT
// Windows about a person: writing to them, inviting them, keeping them out of a room.
import { useSignal, type Signal } from '@preact/signals';
import { call, callNaming } from '../app/calls';
import { knownUsers, membersChanged } from '../app/members';
import type { Dialog } from '../app/overlays';
import { writeTo } from '../app/rooms';
import { toast } from '../app/toasts';
import { limits } from '../model/protocol';
import { typedName } from '../model/user_name';
import { bound, Form, Labelled, spans, SpanSelect } from './form';
import { Modal } from './modal';

export function NewDmDialog() {
  const user = useSignal('');
  return (
    <Modal title="Write to somebody">
      <Form action="Open" onSubmit={() => writeTo(typedName(user.value))}>
        <PersonField user={user} />
      </Form>
    </Modal>
  );
}

export function InviteDialog({ room }: { room: string }) {
  const user = useSignal('');
  const invite = async () => {
    const name = typedName(user.value);
    await callNaming('chat.invite', { room, user: name });
    toast(`${name} is invited.`);
  };
  return (
    <Modal title="Invite somebody">
      <Form action="Invite" onSubmit={invite}>
        <PersonField user={user} />
      </Form>
    </Modal>
  );
}

function PersonField({ user }: { user: Signal<string> }) {
  return (
    <>
      <Labelled label="User name">
        <input
          required
          list="known-people"
          autocomplete="off"
          autocapitalize="none"
          spellcheck={false}
          {...bound(user)}
        />
      </Labelled>
      <datalist id="known-people">
        {knownUsers().map((each) => (
          <option key={each} value={each} />
        ))}
      </datalist>
    </>
  );
}

const sanctions = {
  kick: {
    title: (name: string) => `Remove ${name} from the room?`,
    text: 'They may come back if the room is public.',
    action: 'Remove',
    seconds: 0,
  },
  ban: {
    title: (name: string) => `Ban ${name}?`,
    text: 'They lose access at once, on all their devices, and cannot come back meanwhile.',
    action: 'Ban',
    seconds: 86_400,
  },
  mute: {
    title: (name: string) => `Mute ${name}?`,
    text: 'They can read but not write.',
    action: 'Mute',
    seconds: 3600,
  },
};

export function SanctionDialog(props: Extract<Dialog, { kind: 'sanction' }>) {
  const { room, user, name, act } = props;
  const { title, text, action, seconds: usual } = sanctions[act];
  const seconds = useSignal(usual);
  const reason = useSignal('');
  const impose = async () => {
    const data: Record<string, unknown> = { room, user };
    if (act !== 'kick' && seconds.value > 0) data.seconds = seconds.value;
    if (reason.value.trim()) data.reason = reason.value.trim();
    await call(`chat.${act}`, data);
    membersChanged();
  };
  return (
    <Modal title={title(name)}>
      <Form action={action} isDanger onSubmit={impose}>
        <p class="faint">{text}</p>
        {act !== 'kick' && (
          <Labelled label="For how long">
            <SpanSelect spans={[[600, '10 minutes'], ...spans]} seconds={seconds} />
          </Labelled>
        )}
        <Labelled label="Reason (optional)" hint="The room and the person are told.">
          <input maxLength={limits.reason} {...bound(reason)} />
        </Labelled>
      </Form>
    </Modal>
  );
}

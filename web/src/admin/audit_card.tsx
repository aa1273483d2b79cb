// SPDX-License-Identifier: MIT
// Who did what, from where: the newest events of all nodes' audit logs.
import { useSignal } from '@preact/signals';
import { messageOf } from '../model/codes';
import { fullTime } from '../model/format';
import { bound } from '../ui/form';
import type { AuditEvent, Operator } from './operator';
import { Table } from './tables';

const columns = ['When', 'Event', 'Who', 'From', 'About', 'Result', 'Node'];

export function AuditCard({ operator }: { operator: Operator }) {
  const event = useSignal('');
  const user = useSignal('');
  const address = useSignal('');
  const events = useSignal<AuditEvent[] | undefined>(undefined);
  const error = useSignal('');

  const look = async () => {
    error.value = '';
    try {
      events.value = await operator.audit({
        event: event.value.trim(),
        user: user.value.trim(),
        address: address.value.trim(),
      });
    } catch (problem) {
      error.value = messageOf(problem);
    }
  };
  return (
    <section class="card">
      <h2>Audit log</h2>
      <form
        class="user-search"
        onSubmit={(submitted) => {
          submitted.preventDefault();
          void look();
        }}
      >
        <input aria-label="Event" placeholder="Event, as sign-in" {...bound(event)} />
        <input
          aria-label="User"
          placeholder="User"
          autocapitalize="none"
          spellcheck={false}
          {...bound(user)}
        />
        <input aria-label="Address" placeholder="Address" {...bound(address)} />
        <button type="submit" class="button">
          Show
        </button>
      </form>
      <div role="status">{error.value && <p class="form-error">{error.value}</p>}</div>
      {events.value && <Found events={events.value} />}
    </section>
  );
}

function Found({ events }: { events: AuditEvent[] }) {
  if (events.length === 0) return <p class="faint">Nothing since the nodes were started.</p>;
  return (
    <Table label="Audit log" columns={columns}>
      {events.map((each, at) => (
        <tr key={at}>
          <td>{fullTime(Date.parse(each.time))}</td>
          <th scope="row">{each.event}</th>
          <td>{each.user}</td>
          <td>{each.address}</td>
          <td>{aboutOf(each)}</td>
          <td>{each.why ? `${each.result}: ${each.why}` : each.result}</td>
          <td>{each.node}</td>
        </tr>
      ))}
    </Table>
  );
}

const known = new Set(['time', 'node', 'event', 'user', 'address', 'result', 'why']);

function aboutOf(event: AuditEvent): string {
  return Object.entries(event)
    .filter(([name]) => !known.has(name))
    .map(([name, value]) => `${name} ${value}`)
    .join(', ');
}

// SPDX-License-Identifier: MIT
// One user: sessions, connections, and what an operator can do about them.
import { useSignal } from '@preact/signals';
import { ago, fullTime } from '../model/format';
import { messageOf } from '../net/socket';
import { Avatar } from '../ui/parts';
import { Ask, type Question } from './ask';
import type { Account, Operator } from './operator';

const spans: [number, string][] = [
  [3600, '1 hour'],
  [86_400, '1 day'],
  [604_800, '1 week'],
  [0, 'For good'],
];

export function UserCard({ operator }: { operator: Operator }) {
  const query = useSignal('');
  const account = useSignal<Account | undefined>(undefined);
  const error = useSignal('');
  const told = useSignal('');

  const look = async (user: string) => {
    error.value = '';
    try {
      account.value = await operator.find(user);
    } catch (problem) {
      account.value = undefined;
      const isMissing = (problem as { code?: number }).code === 404;
      error.value = isMissing ? `There is no user “${user}”.` : messageOf(problem);
    }
  };
  const act = async (method: string, data: object, done: string) => {
    const { user } = account.peek()!;
    try {
      await operator.rpc(method, { user, ...data });
      told.value = done;
      await look(user);
    } catch (problem) {
      error.value = messageOf(problem);
    }
  };
  return (
    <section class="card">
      <h2>A user</h2>
      <form
        class="user-search"
        onSubmit={(event) => {
          event.preventDefault();
          told.value = '';
          const user = query.value.trim().replace(/^@/, '');
          if (user) void look(user);
        }}
      >
        <input
          aria-label="User name"
          placeholder="User name"
          autocapitalize="none"
          spellcheck={false}
          value={query.value}
          onInput={(event) => (query.value = event.currentTarget.value)}
        />
        <button type="submit" class="button">
          Look up
        </button>
      </form>
      <div role="status">
        {error.value && <p class="form-error">{error.value}</p>}
        {told.value && !error.value && <p class="told">{told.value}</p>}
      </div>
      {account.value && <Found account={account.value} act={act} />}
    </section>
  );
}

type Act = (method: string, data: object, done: string) => Promise<void>;

function Found({ account, act }: { account: Account; act: Act }) {
  const seconds = useSignal(86_400);
  const reason = useSignal('');
  const now = Date.now();
  const { banned } = account;
  const asked = useSignal<Question | undefined>(undefined);
  const disconnect = () =>
    (asked.value = {
      title: `Disconnect ${account.name}?`,
      text: 'All their connections are closed. They can come back at once.',
      action: 'Disconnect',
      run: () => act('admin.disconnect', {}, 'Disconnected everywhere.'),
    });
  const ban = (event: Event) => {
    event.preventDefault();
    const span = spans.find(([value]) => value === seconds.value)![1].toLowerCase();
    const data: Record<string, unknown> = {};
    if (seconds.value > 0) data.seconds = seconds.value;
    if (reason.value.trim()) data.reason = reason.value.trim();
    asked.value = {
      title: `Ban ${account.name} ${seconds.value > 0 ? `for ${span}` : span}?`,
      text: 'All their sessions and connections end, and they cannot sign in meanwhile.',
      action: 'Ban',
      run: () => act('admin.ban', data, `${account.name} is banned and disconnected.`),
    };
  };
  return (
    <div class="user">
      {asked.value && <Ask {...asked.value} onClose={() => (asked.value = undefined)} />}
      <header>
        <Avatar user={account.user} name={account.name} />
        <div>
          <b>{account.name}</b> <span class="role">{account.role}</span>
          <div class="faint">
            @{account.user}
            {account.created ? `, since ${new Date(account.created).toLocaleDateString()}` : ''}
          </div>
        </div>
      </header>
      {banned && (
        <p class="form-error">
          Banned {banned.until ? `until ${fullTime(banned.until)}` : 'for good'}
          {banned.reason ? `: ${banned.reason}` : ''}
        </p>
      )}
      <h3>Sessions · {account.sessions.length}</h3>
      <ul class="user-list">
        {account.sessions.map((each) => (
          <li key={each.id}>
            <span>
              <span class="user-agent">{each.agent || 'unknown agent'}</span>
              <span class="faint">
                since {ago(each.created, now)}, used {ago(each.used, now)}
              </span>
            </span>
            <button
              type="button"
              class="button is-small"
              onClick={() =>
                void act('admin.disconnect', { session: each.id }, 'That session is ended.')
              }
            >
              End
            </button>
          </li>
        ))}
      </ul>
      <h3>Connections · {account.connections.length}</h3>
      <ul class="user-list">
        {account.connections.map((each) => (
          <li key={each.client}>
            <span>
              <span>{each.node}</span>
              <span class="faint code">
                {each.client} ·{' '}
                {Array.isArray(each.channels) ? each.channels.length : each.channels} channels
              </span>
            </span>
          </li>
        ))}
      </ul>
      <div class="user-actions">
        <button type="button" class="button" onClick={disconnect}>
          Disconnect
        </button>
        {banned ? (
          <button
            type="button"
            class="button"
            onClick={() => void act('admin.unban', {}, 'The ban is lifted.')}
          >
            Lift the ban
          </button>
        ) : (
          <form class="ban" onSubmit={ban}>
            <select
              aria-label="For how long"
              value={seconds.value}
              onChange={(event) => (seconds.value = Number(event.currentTarget.value))}
            >
              {spans.map(([value, label]) => (
                <option key={value} value={value}>
                  {label}
                </option>
              ))}
            </select>
            <input
              aria-label="Reason"
              placeholder="Reason"
              maxLength={200}
              value={reason.value}
              onInput={(event) => (reason.value = event.currentTarget.value)}
            />
            <button type="submit" class="button is-danger">
              Ban
            </button>
          </form>
        )}
      </div>
    </div>
  );
}

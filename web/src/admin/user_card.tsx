// SPDX-License-Identifier: MIT
// One user: sessions, connections, and what an operator can do about them.
import { useSignal } from '@preact/signals';
import { codeOf, errors, messageOf } from '../model/codes';
import { ago, fullTime } from '../model/format';
import { limits } from '../model/protocol';
import { typedName } from '../model/user_name';
import { bound, spans, SpanSelect } from '../ui/form';
import { Avatar } from '../ui/parts';
import { Ask, type Question } from './ask';
import type { Account, Operator } from './operator';

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
      const isMissing = codeOf(problem) === errors.notFound;
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
          const user = typedName(query.value);
          if (user) void look(user);
        }}
      >
        <input
          aria-label="User name"
          placeholder="User name"
          autocapitalize="none"
          spellcheck={false}
          {...bound(query)}
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
  const asked = useSignal<Question | undefined>(undefined);
  const { banned } = account;
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
      <Sessions account={account} act={act} />
      <Connections account={account} />
      <Actions account={account} act={act} ask={(question) => (asked.value = question)} />
    </div>
  );
}

function Sessions({ account, act }: { account: Account; act: Act }) {
  const now = Date.now();
  const end = (session: string) =>
    void act('admin.disconnect', { session }, 'That session is ended.');
  return (
    <>
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
            <button type="button" class="button is-small" onClick={() => end(each.id)}>
              End
            </button>
          </li>
        ))}
      </ul>
    </>
  );
}

function Connections({ account }: { account: Account }) {
  return (
    <>
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
    </>
  );
}

type AskFirst = (question: Question) => void;

function Actions({ account, act, ask }: { account: Account; act: Act; ask: AskFirst }) {
  const disconnect = () =>
    ask({
      title: `Disconnect ${account.name}?`,
      text: 'All their connections are closed. They can come back at once.',
      action: 'Disconnect',
      run: () => act('admin.disconnect', {}, 'Disconnected everywhere.'),
    });
  return (
    <div class="user-actions">
      <button type="button" class="button" onClick={disconnect}>
        Disconnect
      </button>
      {account.banned ? (
        <button
          type="button"
          class="button"
          onClick={() => void act('admin.unban', {}, 'The ban is lifted.')}
        >
          Lift the ban
        </button>
      ) : (
        <Ban account={account} act={act} ask={ask} />
      )}
    </div>
  );
}

const usualBan = 86_400; // seconds

function Ban({ account, act, ask }: { account: Account; act: Act; ask: AskFirst }) {
  const seconds = useSignal(usualBan);
  const reason = useSignal('');
  const ban = (event: Event) => {
    event.preventDefault();
    const span = spans.find(([value]) => value === seconds.value)![1].toLowerCase();
    const data: Record<string, unknown> = {};
    if (seconds.value > 0) data.seconds = seconds.value;
    if (reason.value.trim()) data.reason = reason.value.trim();
    ask({
      title: `Ban ${account.name} ${seconds.value > 0 ? `for ${span}` : span}?`,
      text: 'All their sessions and connections end, and they cannot sign in meanwhile.',
      action: 'Ban',
      run: () => act('admin.ban', data, `${account.name} is banned and disconnected.`),
    });
  };
  return (
    <form class="ban" onSubmit={ban}>
      <SpanSelect aria-label="For how long" spans={spans} seconds={seconds} />
      <input
        aria-label="Reason"
        placeholder="Reason"
        maxLength={limits.reason}
        {...bound(reason)}
      />
      <button type="submit" class="button is-danger">
        Ban
      </button>
    </form>
  );
}

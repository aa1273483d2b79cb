// SPDX-License-Identifier: MIT
// The operator's page: how the nodes are, who reads slowly, who somebody is, and a word to all.
import { useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import type { Session } from '../model/protocol';
import { duration, plural } from '../model/format';
import { auth, AuthError, forget, remembered } from '../net/auth';
import { messageOf } from '../net/socket';
import { takeToken } from '../net/token';
import { Icon, Mark } from '../ui/icons';
import { FormError, Labelled, Modal, Spinner } from '../ui/parts';
import { SignIn } from '../ui/sign_in';
import { loadSettings, signInMessage } from '../app/state';
import { Busiest } from './busiest';
import { Chart } from './chart';
import { Operator } from './operator';
import { bytes, compact, micros, type NodeState } from './samples';
import { UserCard } from './user_card';

const samplesMax = 120;
const samplesMin = 30; // a chart is not narrower than that

export function AdminPage() {
  const session = useSignal<Session | undefined>(undefined);
  const isStarting = useSignal(true);
  useEffect(() => {
    const link = takeToken();
    const here = remembered();
    // A link takes nobody's place.
    const brought = here === null || here === link?.user ? link : undefined;
    (brought ? Promise.resolve(brought) : auth.refresh())
      .then((found) => (session.value = found))
      .catch((error) => {
        if (error instanceof AuthError && error.status === 0) signInMessage.value = error.message;
        void loadSettings();
      })
      .finally(() => (isStarting.value = false));
  }, []);
  if (isStarting.value) {
    return (
      <main class="starting">
        <Spinner label="Signing in" />
      </main>
    );
  }
  if (!session.value) return <SignIn onSession={(made) => (session.value = made)} />;
  return (
    <Board
      session={session.value}
      key={session.value.user}
      onEnded={(reason) => {
        signInMessage.value = `You were signed out: ${reason}.`;
        session.value = undefined;
        void loadSettings();
      }}
    />
  );
}

function Board(props: { session: Session; onEnded: (reason: string) => void }) {
  const kept = useRef<Operator>();
  const operator = (kept.current ??= new Operator(props.session, props.onEnded));
  useEffect(() => () => operator.end(), []);
  const isNotice = useSignal(false);
  const told = useSignal('');
  void operator.revision.value;
  const nodes = [...(operator.samples.latest?.nodes.values() ?? [])];
  return (
    <div class="admin">
      <header class="admin-head">
        <Mark />
        <span class="brand-name">chirm</span>
        <h1>Operators</h1>
        <span class={operator.isOnline.value ? 'live' : 'live is-off'} role="status">
          {operator.isOnline.value ? 'Live' : 'Connecting…'}
        </span>
        <span class="admin-space" />
        {!operator.isRefused.value && (
          <button type="button" class="button" onClick={() => (isNotice.value = true)}>
            <Icon name="bell" size={17} /> Notice to all
          </button>
        )}
        <a class="button" href="/">
          <Icon name="left" size={17} /> Chat
        </a>
      </header>
      {operator.isRefused.value ? (
        <Refused session={props.session} />
      ) : (
        <main class="admin-main">
          {(operator.error.value || told.value) && (
            <p class={operator.error.value ? 'form-error' : 'told'} role="status">
              {operator.error.value || told.value}
            </p>
          )}
          {nodes.length === 0 && !operator.error.value && <Spinner label="Asking the nodes" />}
          {nodes.length > 0 && (
            <>
              <Totals nodes={nodes} />
              <Charts operator={operator} />
              <Nodes nodes={nodes} />
            </>
          )}
          <div class="admin-pair">
            <div class="admin-column">
              <Busiest channels={operator.channels.value} />
              <Slow operator={operator} />
            </div>
            <UserCard operator={operator} />
          </div>
        </main>
      )}
      {isNotice.value && (
        <NoticeDialog
          operator={operator}
          onClose={(text) => {
            isNotice.value = false;
            told.value = text;
          }}
        />
      )}
    </div>
  );
}

function Refused({ session }: { session: Session }) {
  const leave = () =>
    session.isExternal ? Promise.resolve() : auth.logout(false).then(forget, () => undefined);
  return (
    <main class="admin-refused">
      <Icon name="shield" size={40} />
      <h2>This page is for administrators</h2>
      <p>
        You are signed in as {session.name}. Ask whoever runs this server to make you an
        administrator, or sign in as one.
      </p>
      <button
        type="button"
        class="button"
        onClick={() => leave().finally(() => location.reload())}
      >
        Sign in as somebody else
      </button>
    </main>
  );
}

function Totals({ nodes }: { nodes: NodeState[] }) {
  const sum = (value: (node: NodeState) => number) =>
    nodes.reduce((total, node) => total + value(node), 0);
  const tiles: [string, string][] = [
    ['Nodes', String(nodes.length)],
    ['Connections', compact(sum((node) => node.connections))],
    ['Messages/s', compact(sum((node) => node.publishedPerS))],
    ['Deliveries/s', compact(sum((node) => node.deliveredPerS))],
    ['Delivery p99', micros(Math.max(...nodes.map((node) => node.delivery_us?.p99 ?? 0)))],
    ['Slow readers', compact(sum((node) => node.slow_readers))],
  ];
  return (
    <dl class="tiles">
      {tiles.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

function Charts({ operator }: { operator: Operator }) {
  const { samples } = operator;
  const recent = samples.all.slice(-samplesMax);
  const span = Math.max(samplesMin, recent.length);
  const times = recent.map(({ time }) => time);
  const cut = <T extends { values: unknown[] }>(lines: T[]): T[] =>
    lines.map((line) => ({ ...line, values: line.values.slice(-samplesMax) }));
  const common = { times, span };
  return (
    <section class="charts" aria-labelledby="charts-title">
      <h2 class="hidden" id="charts-title">
        The last two minutes
      </h2>
      <Chart
        {...common}
        title="Connections"
        format={compact}
        lines={cut(samples.perNode((node) => node.connections))}
      />
      <Chart
        {...common}
        title="Messages per second"
        format={compact}
        lines={cut([
          samples.combined('published', (node) => node.publishedPerS),
          samples.combined('delivered', (node) => node.deliveredPerS),
        ])}
      />
      <Chart
        {...common}
        title="Delivery latency, slowest node"
        format={micros}
        lines={cut([
          samples.combined('p50', (node) => node.delivery_us?.p50 ?? 0, true),
          samples.combined('p99', (node) => node.delivery_us?.p99 ?? 0, true),
        ])}
      />
      <Chart
        {...common}
        title="Loop lag, p99"
        format={micros}
        lines={cut(samples.perNode((node) => node.loop_lag_us?.p99 ?? 0))}
      />
    </section>
  );
}

function Nodes({ nodes }: { nodes: NodeState[] }) {
  return (
    <section class="card">
      <h2>Nodes</h2>
      <div class="table-scroll" tabIndex={0} role="region" aria-label="Nodes">
        <table>
          <thead>
            <tr>
              {[
                'Node',
                'Up',
                'Connections',
                'Users',
                'Channels',
                'Subscriptions',
                'Msg/s',
                'Deliveries/s',
                'p50 / p99',
                'Lag p99',
                'CPU',
                'Memory',
                'Version',
              ].map((name) => (
                <th key={name} scope="col">
                  {name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {nodes.map((node) => (
              <tr key={node.node}>
                <th scope="row">{node.node}</th>
                <td>{duration(node.uptime)}</td>
                <td>{compact(node.connections)}</td>
                <td>{compact(node.users)}</td>
                <td>{compact(node.channels)}</td>
                <td>{compact(node.subscriptions)}</td>
                <td>{compact(node.publishedPerS)}</td>
                <td>{compact(node.deliveredPerS)}</td>
                <td>
                  {micros(node.delivery_us?.p50 ?? 0)} / {micros(node.delivery_us?.p99 ?? 0)}
                </td>
                <td>{micros(node.loop_lag_us?.p99 ?? 0)}</td>
                <td>{node.cpuPercent.toFixed(0)} %</td>
                <td>{bytes(node.memory)}</td>
                <td>{node.version}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

function Slow({ operator }: { operator: Operator }) {
  const readers = operator.slow.value;
  return (
    <section class="card">
      <h2>Slow readers</h2>
      {readers.length === 0 ? (
        <p class="faint">Everybody keeps up.</p>
      ) : (
        <div class="table-scroll" tabIndex={0} role="region" aria-label="Slow readers">
          <table>
            <thead>
              <tr>
                {['User', 'Channel', 'Behind', 'Node', 'Client'].map((name) => (
                  <th key={name} scope="col">
                    {name}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {readers.map((each) => (
                <tr key={each.client + each.channel}>
                  <th scope="row">{each.user}</th>
                  <td>{each.channel}</td>
                  <td>{plural(each.behind, 'message')}</td>
                  <td>{each.node}</td>
                  <td class="code">{each.client}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}

function NoticeDialog({
  operator,
  onClose,
}: {
  operator: Operator;
  onClose: (told: string) => void;
}) {
  const text = useSignal('');
  const error = useSignal('');
  return (
    <Modal title="Notice to everybody" onClose={() => onClose('')}>
      <form
        class="form"
        onSubmit={async (event) => {
          event.preventDefault();
          try {
            const { connections } = await operator.rpc<{ connections: number }>('admin.notice', {
              text: text.value.trim(),
            });
            onClose(`Your notice went to ${plural(connections, 'connection')}.`);
          } catch (problem) {
            error.value = messageOf(problem);
          }
        }}
      >
        <Labelled label="What everybody who is connected will see">
          <textarea
            rows={4}
            required
            maxLength={500}
            value={text.value}
            onInput={(event) => (text.value = event.currentTarget.value)}
          />
        </Labelled>
        <FormError text={error.value} />
        <div class="form-actions">
          <button type="button" class="button" onClick={() => onClose('')}>
            Cancel
          </button>
          <button type="submit" class="button is-primary">
            Send to all
          </button>
        </div>
      </form>
    </Modal>
  );
}

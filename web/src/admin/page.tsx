// SPDX-License-Identifier: MIT
// The operator's page: how the nodes are, who reads slowly, who somebody is, and a word to all.
import { useSignal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { loadSettings, signInMessage } from '../app/sign_in_state';
import { httpStatus } from '../model/codes';
import type { Session } from '../model/protocol';
import { auth, AuthError, forget, remembered } from '../net/auth';
import { takesNobodysPlace, takeToken } from '../net/token';
import { Guarded } from '../ui/guarded';
import { Icon, Mark } from '../ui/icons';
import { Spinner } from '../ui/parts';
import { SignIn } from '../ui/sign_in';
import { AuditCard } from './audit_card';
import { Busiest } from './busiest';
import { Charts, Totals } from './charts';
import { NoticeDialog } from './notice';
import { Operator } from './operator';
import { Nodes, SlowReaders } from './tables';
import { UserCard } from './user_card';

export function AdminPage() {
  const session = useSignal<Session | undefined>(undefined);
  const isStarting = useSignal(true);
  useEffect(() => {
    const fromAddress = () => {
      const link = takeToken();
      const here = session.peek()?.user ?? remembered();
      return link && takesNobodysPlace(link, here) ? link : undefined;
    };
    const onHash = () => (session.value = fromAddress() ?? session.peek());
    const brought = fromAddress();
    (brought ? Promise.resolve(brought) : auth.refresh())
      .then((found) => (session.value = found))
      .catch((error) => {
        const isAway = error instanceof AuthError && error.status === httpStatus.unreachable;
        if (isAway) signInMessage.value = error.message;
        void loadSettings();
      })
      .finally(() => (isStarting.value = false));
    addEventListener('hashchange', onHash);
    return () => removeEventListener('hashchange', onHash);
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
      <Head operator={operator} onNotice={() => (isNotice.value = true)} />
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
              <Part operator={operator}>
                <Totals nodes={nodes} />
              </Part>
              <Part operator={operator}>
                <Charts samples={operator.samples} />
              </Part>
              <Part operator={operator}>
                <Nodes nodes={nodes} />
              </Part>
            </>
          )}
          <div class="admin-pair">
            <div class="admin-column">
              <Part operator={operator}>
                <Busiest channels={operator.channels.value} />
              </Part>
              <Part operator={operator}>
                <SlowReaders readers={operator.slow.value} />
              </Part>
            </div>
            <Part operator={operator}>
              <UserCard operator={operator} />
            </Part>
          </div>
          <Part operator={operator}>
            <AuditCard operator={operator} />
          </Part>
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

// Tried again with the nodes' next answer.
function Part(props: { operator: Operator; children: ComponentChildren }) {
  return (
    <Guarded of={props.operator.revision.value} name="part">
      {props.children}
    </Guarded>
  );
}

function Head({ operator, onNotice }: { operator: Operator; onNotice: () => void }) {
  return (
    <header class="admin-head">
      <Mark />
      <span class="brand-name">chirm</span>
      <h1>Operators</h1>
      <span class={operator.isOnline.value ? 'live' : 'live is-off'} role="status">
        {operator.isOnline.value ? 'Live' : 'Connecting…'}
      </span>
      <span class="admin-space" />
      {!operator.isRefused.value && (
        <button type="button" class="button" onClick={onNotice}>
          <Icon name="bell" size={17} /> Notice to all
        </button>
      )}
      <a class="button" href="/">
        <Icon name="left" size={17} /> Chat
      </a>
    </header>
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

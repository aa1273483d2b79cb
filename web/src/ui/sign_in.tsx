// SPDX-License-Identifier: MIT
// Before anything else: who one is.
import { useSignal, type Signal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { loadSettings, serverError, settings, signInMessage } from '../app/sign_in_state';
import { messageOf } from '../model/codes';
import { limits, type Session } from '../model/protocol';
import { auth, AuthError } from '../net/auth';
import { bound, FormError, Labelled } from './form';
import { Mark } from './icons';

type Way = 'login' | 'register' | 'guest';

const words: Record<Way, { title: string; action: string }> = {
  login: { title: 'Welcome back', action: 'Sign in' },
  register: { title: 'Create your account', action: 'Create account' },
  guest: { title: 'Come in as a guest', action: 'Continue as guest' },
};

export function SignIn({ onSession }: { onSession: (session: Session) => void }) {
  const way = useSignal<Way>('login');
  const known = settings.value;
  const isClosed = known !== undefined && !known.accounts;
  return (
    <main class="sign-in">
      <section class="sign-in-card">
        <header>
          <Mark size={44} />
          <span class="brand-name">chirm</span>
        </header>
        {serverError.value && !known ? (
          <div class="sign-in-closed">
            <p role="alert">{serverError.value}</p>
            <button type="button" class="button" onClick={() => void loadSettings()}>
              Try again
            </button>
          </div>
        ) : isClosed ? (
          <Closed isExternal={known.external} />
        ) : (
          <SignInForm way={way.value} onSession={onSession} key={way.value} />
        )}
        {!isClosed && (
          <nav class="sign-in-ways" aria-label="Other ways">
            {way.value !== 'login' && (
              <button type="button" class="link" onClick={() => (way.value = 'login')}>
                I have an account
              </button>
            )}
            {way.value !== 'register' && known?.registration && (
              <button type="button" class="link" onClick={() => (way.value = 'register')}>
                Create an account
              </button>
            )}
            {way.value !== 'guest' && known?.guests && (
              <button type="button" class="link" onClick={() => (way.value = 'guest')}>
                Continue as a guest
              </button>
            )}
          </nav>
        )}
      </section>
      <p class="sign-in-foot">A chat of your own: on your machines, nothing lost, nothing twice.</p>
    </main>
  );
}

function Closed({ isExternal }: { isExternal: boolean }) {
  return (
    <div class="sign-in-closed">
      <FormError text={signInMessage.value} />
      <h1>{isExternal ? 'Sign in at your organisation' : 'This server has no accounts'}</h1>
      <p>
        {isExternal
          ? 'People come to this server with a token of another system. Open the chat from there.'
          : 'It runs with --insecure, for trying things out: use the terminal client.'}
      </p>
    </div>
  );
}

// The session that somebody has come in with. Throws what can be told to them.
function comeIn(way: Way, name: string, password: string): Promise<Session> {
  switch (way) {
    case 'login':
      return auth.login(name, password);
    case 'register':
      return auth.register(name, password);
    case 'guest':
      return auth.guest(name);
  }
}

function SignInForm({ way, onSession }: { way: Way; onSession: (session: Session) => void }) {
  const name = useSignal('');
  const password = useSignal('');
  const error = useSignal(signInMessage.value);
  const isBusy = useSignal(false);

  const submit = async (event: Event) => {
    event.preventDefault();
    if (isBusy.value) return;
    isBusy.value = true;
    error.value = '';
    try {
      onSession(await comeIn(way, name.value.trim(), password.value));
    } catch (problem) {
      const wait = problem instanceof AuthError && problem.retryAfter;
      error.value = messageOf(problem) + (wait ? ` Try again in ${wait} s.` : '');
    } finally {
      isBusy.value = false;
    }
  };

  return (
    <form class="form" onSubmit={submit}>
      <h1>{words[way].title}</h1>
      <NameField way={way} name={name} />
      {way !== 'guest' && <PasswordField isNew={way === 'register'} password={password} />}
      <FormError text={error.value} />
      <button type="submit" class="button is-primary is-large" disabled={isBusy.value}>
        {isBusy.value ? 'One moment…' : words[way].action}
      </button>
    </form>
  );
}

function NameField({ way, name }: { way: Way; name: Signal<string> }) {
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => field.current?.focus(), []);
  const isGuest = way === 'guest';
  return (
    <Labelled
      label={isGuest ? 'What shall we call you? (optional)' : 'Name'}
      hint={
        way === 'register' ? 'Letters, digits, dots, dashes. It is yours for good.' : undefined
      }
    >
      <input
        ref={field}
        name="username"
        required={!isGuest}
        minLength={isGuest ? 0 : 2}
        maxLength={limits.name}
        autocomplete="username"
        autocapitalize="none"
        spellcheck={false}
        {...bound(name)}
      />
    </Labelled>
  );
}

function PasswordField({ isNew, password }: { isNew: boolean; password: Signal<string> }) {
  const isShown = useSignal(false);
  return (
    <Labelled
      label="Password"
      hint={isNew ? 'At least 8 characters.' : undefined}
      after={
        <button
          type="button"
          class="link"
          aria-pressed={isShown.value}
          aria-label="Show password"
          onClick={() => (isShown.value = !isShown.value)}
        >
          {isShown.value ? 'Hide' : 'Show'}
        </button>
      }
    >
      <input
        name="password"
        type={isShown.value ? 'text' : 'password'}
        required
        minLength={isNew ? limits.passwordMin : 1}
        maxLength={limits.password}
        autocomplete={isNew ? 'new-password' : 'current-password'}
        {...bound(password)}
      />
    </Labelled>
  );
}

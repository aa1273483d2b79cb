// SPDX-License-Identifier: MIT
// Before anything else: who one is.
import { useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { loadSettings, settings, settingsError, signInMessage } from '../app/state';
import type { Session } from '../model/protocol';
import { auth, AuthError } from '../net/auth';
import { messageOf } from '../net/socket';
import { Mark } from './icons';
import { FormError, Labelled } from './parts';

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
        {settingsError.value && !known ? (
          <div class="sign-in-closed">
            <p role="alert">{settingsError.value}</p>
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

function SignInForm({ way, onSession }: { way: Way; onSession: (session: Session) => void }) {
  const name = useSignal('');
  const password = useSignal('');
  const isShown = useSignal(false);
  const error = useSignal(signInMessage.value);
  const isBusy = useSignal(false);
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => field.current?.focus(), []);

  const submit = async (event: Event) => {
    event.preventDefault();
    if (isBusy.value) return;
    isBusy.value = true;
    error.value = '';
    try {
      const given = name.value.trim();
      if (way === 'login') onSession(await auth.login(given, password.value));
      else if (way === 'register') onSession(await auth.register(given, password.value));
      else onSession(await auth.guest(given));
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
      <Labelled
        label={way === 'guest' ? 'What shall we call you? (optional)' : 'Name'}
        hint={
          way === 'register' ? 'Letters, digits, dots, dashes. It is yours for good.' : undefined
        }
      >
        <input
          ref={field}
          name="username"
          required={way !== 'guest'}
          minLength={way === 'guest' ? 0 : 2}
          maxLength={32}
          autocomplete="username"
          autocapitalize="none"
          spellcheck={false}
          value={name.value}
          onInput={(event) => (name.value = event.currentTarget.value)}
        />
      </Labelled>
      {way !== 'guest' && (
        <Labelled
          label="Password"
          hint={way === 'register' ? 'At least 8 characters.' : undefined}
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
            minLength={way === 'register' ? 8 : 1}
            maxLength={128}
            autocomplete={way === 'register' ? 'new-password' : 'current-password'}
            value={password.value}
            onInput={(event) => (password.value = event.currentTarget.value)}
          />
        </Labelled>
      )}
      <FormError text={error.value} />
      <button type="submit" class="button is-primary is-large" disabled={isBusy.value}>
        {isBusy.value ? 'One moment…' : words[way].action}
      </button>
    </form>
  );
}

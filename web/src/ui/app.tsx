// SPDX-License-Identifier: MIT
// The page: sign-in or the three panes.
import { useEffect } from 'preact/hooks';
import { announcement } from '../app/announcements';
import { chat } from '../app/open_chat';
import { dialog, isDrawerOpen } from '../app/overlays';
import { phase, signedIn } from '../app/session';
import { serverError } from '../app/sign_in_state';
import { dismiss, toasts } from '../app/toasts';
import { forgetDrafts } from './composer_state';
import { Dialogs } from './dialogs';
import { Guarded } from './guarded';
import { Mark } from './icons';
import { isPhone } from './layout';
import { MainPane } from './main_pane';
import { IconButton, Spinner } from './parts';
import { onShortcut } from './shortcuts';
import { Sidebar } from './sidebar';
import { SignIn } from './sign_in';

export function App() {
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (phase.peek() === 'signedIn') onShortcut(event);
    };
    addEventListener('keydown', onKey);
    return () => removeEventListener('keydown', onKey);
  }, []);
  return (
    <>
      {phase.value === 'starting' && <Starting />}
      {phase.value === 'signedOut' && (
        <SignIn
          onSession={(session) => {
            forgetDrafts();
            signedIn(session);
          }}
        />
      )}
      {phase.value === 'signedIn' && chat.value && <Shell />}
      <Toasts />
      <div class="hidden" aria-live="polite">
        <span key={announcement.value.id}>{announcement.value.text}</span>
      </div>
    </>
  );
}

function Starting() {
  return (
    <main class="starting">
      <Mark size={48} />
      {serverError.value ? (
        <p>{serverError.value} Trying again…</p>
      ) : (
        <Spinner label="Signing in" />
      )}
    </main>
  );
}

function Shell() {
  const isDrawer = isPhone.value && isDrawerOpen.value;
  return (
    <div class={isDrawerOpen.value ? 'shell is-drawer-open' : 'shell'}>
      {!isDrawer && (
        <a class="skip" href="#main" onClick={skip}>
          To the conversation
        </a>
      )}
      <Guarded name="list">
        <Sidebar />
      </Guarded>
      <div class="drawer-shade" onClick={() => (isDrawerOpen.value = false)} />
      <div class="panes" inert={isDrawer}>
        <MainPane />
      </div>
      <Guarded of={dialog.value} name="dialog">
        <Dialogs />
      </Guarded>
    </div>
  );
}

function skip(event: Event): void {
  event.preventDefault();
  document.querySelector<HTMLElement>('.composer textarea, #main')?.focus();
}

function Toasts() {
  return (
    <div class="toasts" role="status">
      {toasts.value.map(({ id, text, kind }) => (
        <div key={id} class={`toast is-${kind}`}>
          <Guarded of={text} name="notice">
            <span>
              {kind === 'notice' && <b>Notice: </b>}
              {text}
            </span>
          </Guarded>
          <IconButton icon="close" label="Dismiss" size={16} onClick={() => dismiss(id)} />
        </div>
      ))}
    </div>
  );
}

// SPDX-License-Identifier: MIT
// The page: sign-in or the three panes, and what hears every key.
import { useEffect } from 'preact/hooks';
import {
  announcement,
  chat,
  current,
  dialog,
  dismiss,
  goTo,
  isDrawerOpen,
  panel,
  phase,
  settingsError,
  signedIn,
  toasts,
} from '../app/state';
import { Dialogs } from './dialogs';
import { isPhone } from './layout';
import { IconButton, Spinner } from './parts';
import { MainPane } from './main_pane';
import { Sidebar } from './sidebar';
import { SignIn } from './sign_in';
import { Mark } from './icons';
import { forgetDrafts } from './composer_state';

export function App() {
  useEffect(() => {
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
      {settingsError.value ? (
        <p>{settingsError.value} Trying again…</p>
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
      <Sidebar />
      <div class="drawer-shade" onClick={() => (isDrawerOpen.value = false)} />
      <div class="panes" inert={isDrawer}>
        <MainPane />
      </div>
      <Dialogs />
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
          <span>
            {kind === 'notice' && <b>Notice: </b>}
            {text}
          </span>
          <IconButton icon="close" label="Dismiss" size={16} onClick={() => dismiss(id)} />
        </div>
      ))}
    </div>
  );
}

// --- Keys that work everywhere

function onKey(event: KeyboardEvent): void {
  if (phase.peek() !== 'signedIn') return;
  const isCommand = (event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey;
  if (isCommand && event.key.toLowerCase() === 'k') {
    dialog.value = dialog.peek()?.kind === 'switcher' ? undefined : { kind: 'switcher' };
  } else if (isCommand && event.key.toLowerCase() === 'f' && current.peek() && !dialog.peek()) {
    panel.value = 'search';
  } else if (event.altKey && (event.key === 'ArrowUp' || event.key === 'ArrowDown')) {
    step(event.key === 'ArrowUp' ? -1 : 1, event.shiftKey);
  } else if (event.key === 'Escape' && !dialog.peek()) {
    if (isDrawerOpen.peek()) isDrawerOpen.value = false;
    else if (panel.peek() !== 'none') panel.value = 'none';
    else document.querySelector<HTMLElement>('.composer textarea')?.focus();
  } else {
    return;
  }
  event.preventDefault();
}

function step(direction: number, onlyUnread: boolean): void {
  const open = chat.peek()!;
  const all = [...open.rooms.peek(), ...open.dms.peek()];
  const at = all.indexOf(current.peek()!);
  for (let i = 1; i <= all.length; ++i) {
    const next = all[(at + direction * i + all.length * 2) % all.length]!;
    if (onlyUnread && next.unread.peek().count === 0) continue;
    return goTo(next.channel);
  }
}

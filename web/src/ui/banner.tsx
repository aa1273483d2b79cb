// SPDX-License-Identifier: MIT
// Tells how the connection is, unless all is well.
import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { chat } from '../app/open_chat';
import { plural } from '../model/format';
import { Icon, type IconName } from './icons';

export function Banner() {
  const open = chat.value!;
  const link = open.link.value;
  void open.outboxRevision.value;
  const { pending } = open.outbox;
  const late = useIsLate(link.state === 'connecting');
  return (
    <div class="banner-place" role="status">
      {link.state === 'lost' && (
        <div class="banner is-lost">
          <Icon name="wifi" size={17} />
          <span>
            Connection lost. <Countdown to={link.retryAt} />
            <span class="hidden">The next attempt comes by itself.</span>
            {pending > 0 && ` ${plural(pending, 'message')} will be sent then.`}
          </span>
          <button type="button" class="link" onClick={() => open.tryNow()}>
            Try now
          </button>
        </div>
      )}
      {late && <Line look="lost" icon="wifi" text="Connecting…" />}
      {link.state === 'catchingUp' && (
        <Line look="busy" icon="clock" text="Connected again. Catching up…" />
      )}
      {link.state === 'caughtUp' && (
        <Line look="good" icon="check" text="You are all caught up." />
      )}
    </div>
  );
}

function Line({ look, icon, text }: { look: string; icon: IconName; text: string }) {
  return (
    <div class={`banner is-${look}`}>
      <Icon name={icon} size={17} />
      <span>{text}</span>
    </div>
  );
}

// Hidden from screen readers, which would read out each second.
function Countdown({ to }: { to: number }) {
  const now = useSignal(Date.now());
  useEffect(() => {
    const timer = setInterval(() => (now.value = Date.now()), 250);
    return () => clearInterval(timer);
  }, []);
  const left = Math.ceil((to - now.value) / 1000);
  const told = left >= 1 ? `Reconnecting in ${left}\u00a0s.` : 'Reconnecting…';
  return <span aria-hidden="true">{told}</span>;
}

function useIsLate(isWaiting: boolean): boolean {
  const isLate = useSignal(false);
  useEffect(() => {
    isLate.value = false;
    if (!isWaiting) return;
    const timer = setTimeout(() => (isLate.value = true), 1500);
    return () => clearTimeout(timer);
  }, [isWaiting]);
  return isLate.value;
}

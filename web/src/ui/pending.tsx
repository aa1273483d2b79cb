// SPDX-License-Identifier: MIT
// A message of one's own that is not stored yet.
import { chat } from '../app/open_chat';
import { clockTime } from '../model/format';
import type { Entry } from '../model/outbox';
import { Icon } from './icons';
import { Avatar } from './parts';
import { RichText } from './rich_text';

export function Pending(props: { entry: Entry; name: string; me: string; isGrouped: boolean }) {
  const { entry, isGrouped } = props;
  const outbox = chat.peek()!.outbox;
  return (
    <article
      class={`message is-pending ${isGrouped ? 'is-grouped' : ''} is-${entry.state}`}
      tabIndex={-1}
      aria-label={`${props.name}, ${stateText[entry.state]}: ${entry.data.text.slice(0, 300)}`}
    >
      <div class="message-gutter">
        {isGrouped ? (
          <time class="message-time-short">{clockTime(entry.data.time ?? 0)}</time>
        ) : (
          <Avatar user={props.me} name={props.name} />
        )}
      </div>
      <div class="message-main">
        {!isGrouped && (
          <header class="message-head">
            <span class="message-author">{props.name}</span>
            <time>{clockTime(entry.data.time ?? 0)}</time>
          </header>
        )}
        <div class="message-text" dir="auto">
          <RichText text={entry.data.text} mentions={entry.data.mentions ?? []} me={props.me} />
        </div>
        {entry.state === 'failed' && (
          <div class="message-failed">
            <Icon name="alert" size={15} />
            <span>Not sent: {entry.error}</span>
            <button type="button" class="link" onClick={() => outbox.retry(entry.id)}>
              Try again
            </button>
            <button type="button" class="link" onClick={() => outbox.discard(entry.id)}>
              Discard
            </button>
          </div>
        )}
      </div>
      {entry.state === 'waiting' || entry.state === 'sending' ? (
        <span class="message-state" title={stateText[entry.state]}>
          <Icon name="clock" size={14} />
        </span>
      ) : null}
    </article>
  );
}

const stateText = {
  waiting: 'waiting to be sent',
  sending: 'being sent',
  sent: 'sent',
  failed: 'not sent',
} as const;

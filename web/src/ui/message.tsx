// SPDX-License-Identifier: MIT
// One message: who, when, what was said, what others think of it.
import type { Conversation } from '../app/conversation';
import { react, remove } from '../app/messages';
import { goTo } from '../app/navigation';
import { chat } from '../app/open_chat';
import { dialog } from '../app/overlays';
import { openDm } from '../app/rooms';
import { clockTime, fullTime, listNames } from '../model/format';
import type { MessageItem } from '../model/timeline';
import { composing } from './composer_state';
import { EmojiButton } from './emoji';
import { Icon } from './icons';
import { memo } from './memo';
import { MenuButton, type MenuItems } from './menu';
import { Avatar, IconButton } from './parts';
import { personMenu } from './person_menu';
import { RichText } from './rich_text';

interface MessageProps {
  item: MessageItem;
  conversation: Conversation;
  me: string;
  isGrouped: boolean;
  isHot: boolean; // pointed at or focused: its tools are there
  isFlashing: boolean;
  quoted?: MessageItem | undefined;
  canModerate: boolean;
  canWrite: boolean;
}

export const Message = memo(function Message(props: MessageProps) {
  const { item, me, isGrouped } = props;
  const isMine = item.user === me;
  const isToMe = item.mentions.includes(me);
  const name = item.name || 'system';
  const classes = ['message'];
  if (isGrouped) classes.push('is-grouped');
  if (isToMe) classes.push('is-to-me');
  if (props.isHot) classes.push('is-hot');
  if (props.isFlashing) classes.push('is-flashing');
  return (
    <article
      class={classes.join(' ')}
      tabIndex={-1}
      aria-labelledby={`who-${item.offset} said-${item.offset}`}
      data-offset={item.offset}
    >
      {item.replyTo !== undefined && <Quote {...props} />}
      <div class="message-gutter">
        {isGrouped ? (
          <Continued item={item} name={name} />
        ) : (
          <Avatar user={item.user || 'system'} name={name} />
        )}
      </div>
      <div class="message-main">
        {!isGrouped && (
          <header class="message-head" id={`who-${item.offset}`}>
            <Author item={item} name={name} isMine={isMine} conversation={props.conversation} />
            <time title={fullTime(item.time)}>{clockTime(item.time)}</time>
          </header>
        )}
        <Body item={item} me={me} />
        {item.reactions.length > 0 && <Reactions {...props} />}
      </div>
      {props.isHot && item.deletedBy === undefined && <Tools {...props} isMine={isMine} />}
    </article>
  );
});

// Beside a message that follows another one of the same author: the name is for screen readers
// only.
function Continued({ item, name }: { item: MessageItem; name: string }) {
  return (
    <>
      <time class="message-time-short" title={fullTime(item.time)}>
        {clockTime(item.time)}
      </time>
      <span id={`who-${item.offset}`} hidden>
        {name}, {clockTime(item.time)}
      </span>
    </>
  );
}

function Author(props: {
  item: MessageItem;
  name: string;
  isMine: boolean;
  conversation: Conversation;
}) {
  const { item, name, isMine } = props;
  if (isMine || !item.user) return <span class="message-author">{name}</span>;
  return (
    <MenuButton
      label={name}
      class="message-author is-button"
      items={() => personMenu(props.conversation, { user: item.user, name })}
    >
      {name}
    </MenuButton>
  );
}

function Body({ item, me }: { item: MessageItem; me: string }) {
  if (item.deletedBy !== undefined) {
    const who = item.deletedBy === item.user ? '' : ' by a moderator';
    return (
      <div class="message-text is-deleted" id={`said-${item.offset}`}>
        This message was deleted{who}.
      </div>
    );
  }
  return (
    <div class="message-text" dir="auto" id={`said-${item.offset}`}>
      <RichText text={item.text} mentions={item.mentions} me={me} />
      {item.edited && <span class="message-edited"> (edited)</span>}
    </div>
  );
}

function Quote({ item, quoted, conversation }: MessageProps) {
  const text = !quoted
    ? 'an earlier message'
    : quoted.deletedBy !== undefined
      ? 'a deleted message'
      : quoted.text;
  return (
    <button
      type="button"
      class="message-quote"
      onClick={() => goTo(conversation.channel, item.replyTo)}
      aria-label={`In reply to ${quoted ? `${quoted.name}: ${text.slice(0, 100)}` : text}`}
    >
      <span class="message-quote-line" aria-hidden="true" />
      {quoted && <Avatar user={quoted.user} name={quoted.name} size={16} />}
      {quoted && <b>{quoted.name}</b>}
      <span class="message-quote-text">{text.slice(0, 200)}</span>
    </button>
  );
}

function Reactions({ item, me, conversation, canWrite }: MessageProps) {
  return (
    <div class="reactions">
      {item.reactions.map(({ key, users }) => {
        const isMine = users.includes(me);
        const who = listNames(
          users.map((user) => (user === me ? 'you' : user)),
          8,
        );
        return (
          <button
            type="button"
            key={key}
            class={isMine ? 'reaction is-mine' : 'reaction'}
            aria-pressed={isMine}
            aria-label={`${key} ${users.length}: ${who}`}
            title={who}
            disabled={!canWrite}
            onClick={() => void react(conversation, item, key)}
          >
            <span class="emoji">{key}</span>
            <span>{users.length}</span>
          </button>
        );
      })}
      {canWrite && (
        <EmojiButton
          label="Add a reaction"
          class="reaction reaction-add"
          onPick={(key) => void react(conversation, item, key)}
        />
      )}
    </div>
  );
}

function Tools(props: MessageProps & { isMine: boolean }) {
  const { item, conversation, isMine } = props;
  if (!props.canWrite) return null;
  return (
    <div class="tools" role="group" aria-label="Message actions">
      {['👍', '❤️', '😂'].map((key) => (
        <button
          type="button"
          key={key}
          class="icon-button emoji"
          aria-label={`React with ${key}`}
          onClick={() => void react(conversation, item, key)}
        >
          {key}
        </button>
      ))}
      <EmojiButton label="React" onPick={(key) => void react(conversation, item, key)} />
      <IconButton
        icon="reply"
        label="Reply"
        size={18}
        onClick={() => composing(conversation.channel).reply(item)}
      />
      {isMine && (
        <IconButton
          icon="edit"
          label="Edit"
          size={18}
          onClick={() => composing(conversation.channel).edit(item)}
        />
      )}
      <MenuButton label="More actions" items={() => moreItems(props)}>
        <Icon name="more" size={18} />
      </MenuButton>
    </div>
  );
}

function moreItems({
  item,
  conversation,
  isMine,
  canModerate,
}: MessageProps & { isMine: boolean }) {
  const link = new URL(location.href);
  link.hash = link.hash.replace(/\?.*$/, '') + `?at=${item.offset}`;
  const items: MenuItems = [
    { label: 'Copy text', icon: 'copy', run: () => navigator.clipboard?.writeText(item.text) },
    { label: 'Copy link', icon: 'link', run: () => navigator.clipboard?.writeText(link.href) },
  ];
  if (
    !isMine &&
    item.user &&
    item.user !== chat.peek()?.me &&
    conversation.info.peek().kind === 'room'
  ) {
    items.push({ label: `Message ${item.name}`, icon: 'at', run: () => openDm(item.user) });
  }
  if (isMine || canModerate) {
    items.push(false, {
      label: 'Delete message',
      icon: 'trash',
      isDanger: true,
      run: () => confirmDelete(conversation, item),
    });
  }
  return items;
}

export function confirmDelete(conversation: Conversation, item: MessageItem): void {
  dialog.value = {
    kind: 'confirm',
    title: 'Delete this message?',
    text: item.text.length > 200 ? `${item.text.slice(0, 200)}…` : item.text,
    action: 'Delete',
    run: () => remove(conversation, item.offset),
  };
}

// SPDX-License-Identifier: MIT
// Small parts that several views are made of.
import type { ComponentChildren, JSX } from 'preact';
import { hueOf, initials, nameOf } from '../model/format';
import type { Channel, Status } from '../model/protocol';
import { Icon, type IconName } from './icons';

export function Avatar(props: {
  user: string;
  name: string;
  size?: number;
  status?: Status | undefined;
}) {
  const size = props.size ?? 36;
  return (
    <span class={`avatar hue-${hueOf(props.user)} avatar-${size}`} aria-hidden="true">
      {initials(props.name || props.user)}
      {props.status && <span class={`presence presence-${props.status}`} />}
    </span>
  );
}

export const roomIcon = ({ visibility }: { visibility: 'public' | 'private' }): IconName =>
  visibility === 'private' ? 'lock' : 'hash';

// The sign of a room, or the face of a private conversation's other side.
export function ConversationIcon(props: {
  info: Channel;
  avatarSize: number;
  iconSize: number;
  status?: Status;
}) {
  const { info } = props;
  if (info.kind === 'room') return <Icon name={roomIcon(info)} size={props.iconSize} />;
  return (
    <Avatar user={info.user} name={nameOf(info)} size={props.avatarSize} status={props.status} />
  );
}

type ButtonProps = Omit<JSX.HTMLAttributes<HTMLButtonElement>, 'icon'> & {
  icon: IconName;
  label: string;
  isOn?: boolean;
  size?: number;
  disabled?: boolean;
};

// A button that is only an icon: its label is what a screen reader says and a pointer is shown.
export function IconButton({ icon, label, isOn, size, ...rest }: ButtonProps) {
  return (
    <button
      type="button"
      {...rest}
      class={`icon-button ${rest.class ?? ''}`}
      aria-label={label}
      title={label}
      {...(isOn === undefined ? {} : { 'aria-pressed': isOn })}
    >
      <Icon name={icon} {...(size ? { size } : {})} />
    </button>
  );
}

export function Spinner({ label }: { label: string }) {
  return (
    <span class="spinner" role="status">
      <span class="hidden">{label}</span>
    </span>
  );
}

export function Empty(props: { title: string; children?: ComponentChildren }) {
  return (
    <div class="empty">
      <p class="empty-title">{props.title}</p>
      {props.children}
    </div>
  );
}

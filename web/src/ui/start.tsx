// SPDX-License-Identifier: MIT
// Where a conversation begins.
import { nameOf } from '../model/format';
import type { Channel } from '../model/protocol';
import { Icon } from './icons';
import { Avatar } from './parts';

export function Start({ info }: { info: Channel }) {
  if (info.kind === 'dm') {
    const name = info.name || info.user;
    return (
      <div class="start">
        <Avatar user={info.user} name={name} size={56} />
        <h2>{name}</h2>
        <p>This is the beginning of your private conversation. Nobody else can read it.</p>
      </div>
    );
  }
  return (
    <div class="start">
      <span class="start-icon">
        <Icon name={info.visibility === 'private' ? 'lock' : 'hash'} size={28} />
      </span>
      <h2>{info.title || info.room}</h2>
      <p>{info.topic || `This is the beginning of ${nameOf(info)}. Say hello.`}</p>
    </div>
  );
}

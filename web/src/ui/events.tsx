// SPDX-License-Identifier: MIT
// What happened in a room, in a sentence.
import type { EventItem } from '../model/timeline';
import { fullTime, listNames } from '../model/format';
import { Icon, type IconName } from './icons';

// Maps, for objects have members of their own that an event might be called like.
const icons = new Map<string, IconName>([
  ['created', 'plus'], ['join', 'userPlus'], ['leave', 'leave'], ['invite', 'userPlus'],
  ['kick', 'kick'], ['ban', 'block'], ['unban', 'check'], ['mute', 'mute'], ['unmute', 'check'],
  ['role', 'shield'], ['title', 'edit'], ['topic', 'edit'], ['visibility', 'lock'],
  ['archive', 'archive'],
]);

const roles = new Map([
  ['owner', 'the owner'],
  ['moderator', 'a moderator'],
  ['member', 'a member'],
]);

// `people`: names, by user.
export function describe(items: EventItem[], me: string, people: ReadonlyMap<string, string>) {
  const first = items[0]!;
  return (
    <>
      <Icon name={icons.get(first.data.event) ?? 'bell'} size={15} />
      <span title={fullTime(first.time)}>{sentence(items, me, people)}</span>
    </>
  );
}

export function sentence(
  items: EventItem[],
  me: string,
  people: ReadonlyMap<string, string>,
): string {
  const called = (user: string) => people.get(user) ?? user;
  const name = (user: string | undefined) =>
    user === me ? 'You' : user === undefined ? 'Somebody' : called(user);
  if (items.length > 1) return traffic(items, name);
  const { event, user, by, value, reason, until } = items[0]!.data;
  const object = user === me ? 'you' : user === undefined ? 'somebody' : called(user);
  const actor = name(by ?? user);
  const why = reason ? `: ${reason}` : '';
  const long = until ? ` until ${fullTime(until)}` : '';
  switch (event) {
    case 'created':
      return `${actor} created this room`;
    case 'join':
      return `${name(user)} joined`;
    case 'leave':
      return `${name(user)} left`;
    case 'invite':
      return `${actor} invited ${object}`;
    case 'kick':
      return `${actor} removed ${object}${why}`;
    case 'ban':
      return `${actor} banned ${object}${long}${why}`;
    case 'unban':
      return `${actor} lifted the ban of ${object}`;
    case 'mute':
      return `${actor} muted ${object}${long}${why}`;
    case 'unmute':
      return `${actor} let ${object} speak again`;
    case 'role':
      return `${actor} made ${object} ${roles.get(String(value)) ?? String(value)}`;
    case 'title':
      return `${actor} renamed the room to “${String(value)}”`;
    case 'topic':
      return value ? `${actor} set the topic: ${String(value)}` : `${actor} removed the topic`;
    case 'visibility':
      return `${actor} made the room ${value === 'private' ? 'private' : 'public'}`;
    case 'archive':
      return value === false ? `${actor} reopened the room` : `${actor} archived the room`;
    default:
      return `${actor}: ${event}`;
  }
}

// Who came and who went: of those who did both only what they did last.
function traffic(items: EventItem[], name: (user: string | undefined) => string): string {
  const last = new Map<string, string>();
  for (const { data } of items) last.set(data.user ?? '', data.event);
  const those = (event: string) =>
    [...last].filter(([, each]) => each === event).map(([user]) => name(user));
  const joined = those('join');
  const left = those('leave');
  const parts = [];
  if (joined.length) parts.push(`${listNames(joined)} joined`);
  if (left.length) parts.push(`${listNames(left)} left`);
  return parts.join(', ');
}

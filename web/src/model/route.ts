// SPDX-License-Identifier: MIT
// What the address shows: `#/room/lobby`, `#/dm/bob`, with `?at=123` a message in it.

export type Route =
  | { kind: 'room'; room: string; at?: number }
  | { kind: 'dm'; user: string; at?: number }
  | { kind: 'none' };

export function parseRoute(hash: string): Route {
  const match = /^#\/(room|dm)\/([^/?]+)(?:\?at=(\d{1,15}))?$/.exec(hash);
  if (!match) return { kind: 'none' };
  let name: string;
  try {
    name = decodeURIComponent(match[2]!);
  } catch {
    return { kind: 'none' };
  }
  const at = match[3] ? { at: Number(match[3]) } : {};
  if (match[1] === 'dm') return { kind: 'dm', user: name, ...at };
  return { kind: 'room', room: name, ...at };
}

export const channelOfRoom = (room: string): string => `room:${room}`;

// What a title makes as the room's name, which stands in addresses.
export function roomNameFor(title: string): string {
  return title
    .toLowerCase()
    .normalize('NFKD')
    .replace(/[^a-z0-9._\s-]/g, '')
    .trim()
    .replace(/\s+/g, '-')
    .replace(/^[^a-z0-9]+/, '')
    .slice(0, 64);
}

export function routeOf(channel: string, me: string): Route {
  if (channel.startsWith('room:')) return { kind: 'room', room: channel.slice(5) };
  const users = channel.startsWith('dm:#') ? channel.slice(4).split(',') : [];
  const other = users.find((user) => user !== me);
  return other === undefined ? { kind: 'none' } : { kind: 'dm', user: other };
}

export function hashOf(route: Route): string {
  if (route.kind === 'none') return '#/';
  const name = encodeURIComponent(route.kind === 'room' ? route.room : route.user);
  return `#/${route.kind}/${name}${route.at === undefined ? '' : `?at=${route.at}`}`;
}

// The channel of the conversation between two users: names in byte order.
export function dmChannel(a: string, b: string): string {
  const bytes = new TextEncoder();
  const [x, y] = [bytes.encode(a), bytes.encode(b)];
  for (let i = 0; i < Math.min(x.length, y.length); ++i) {
    if (x[i] !== y[i]) return x[i]! < y[i]! ? `dm:#${a},${b}` : `dm:#${b},${a}`;
  }
  return x.length <= y.length ? `dm:#${a},${b}` : `dm:#${b},${a}`;
}

export function channelOf(route: Route, me: string): string | undefined {
  if (route.kind === 'room') return channelOfRoom(route.room);
  if (route.kind === 'dm' && route.user !== me) return dmChannel(me, route.user);
  return undefined;
}

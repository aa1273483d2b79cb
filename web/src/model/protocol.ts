// SPDX-License-Identifier: MIT
// What goes over the wire, as docs/protocol.md says it ("Chat").

export type Role = 'owner' | 'moderator' | 'member';
export type Status = 'online' | 'away' | 'offline';

export interface Session {
  user: string;
  name: string;
  role: 'guest' | 'user' | 'admin';
  token: string;
  expires_in: number; // seconds
  isExternal?: true; // its token is another system's: nothing to refresh or to sign out of
}

export interface AuthSettings {
  accounts: boolean;
  registration: boolean;
  guests: boolean;
  external: boolean;
}

export interface Room {
  room: string;
  channel: string;
  title: string;
  topic: string;
  visibility: 'public' | 'private';
  archived: boolean;
  members: number;
  role?: Role; // absent for who is no member
}

interface Position {
  channel: string;
  top: number;
  epoch: string;
  read: number;
  last: number; // Unix milliseconds, 0 when nothing was said
}

export type RoomChannel = Position & Room & { kind: 'room' };
export type DmChannel = Position & { kind: 'dm'; user: string; name: string };
export type Channel = RoomChannel | DmChannel;

export interface Sync {
  user: string;
  name: string;
  role: Session['role'];
  time: number;
  channels: Channel[];
  invited: Invitation[];
  blocked: string[];
}

export type Invitation = Room & { by: string };

export interface Member {
  user: string;
  name: string;
  role: Role;
  joined: number;
}

export interface Present {
  user: string;
  name: string;
  status: Status;
}

export interface Sanction {
  user: string;
  name?: string;
  until?: number;
  reason?: string;
  by?: string;
}

export interface RoomDetails extends Room {
  bans?: Sanction[];
  mutes?: Sanction[];
  invited?: (string | { user: string })[];
}

export interface SearchHit {
  offset: number;
  user: string;
  name?: string;
  time?: number; // as in Publication
  data: MessageData;
}

export interface MessageData {
  id?: string;
  type?: string;
  text: string;
  time?: number;
  edited?: number;
  reply_to?: number;
  mentions?: string[];
}

export interface EventData {
  type: 'event';
  event: string;
  user?: string;
  by?: string;
  reason?: string;
  until?: number;
  value?: string | boolean;
  time?: number;
}

// A publication as the SDK tells it, live or from history.
export interface Publication {
  offset?: number;
  data: unknown;
  time?: number; // when a node took it, Unix milliseconds; older ones told none
  info?: { user: string; client?: string; connInfo?: unknown };
}

// What the server published to `user:#<user>`.
export type InboxData =
  | { type: 'channel'; channel: string }
  | { type: 'dismissed'; what: 'invitations' | 'requests' }
  | { type: 'read'; channel: string; offset: number }
  | { type: 'mention'; channel: string; offset: number; user: string; text: string }
  | { type: 'removed'; channel: string; reason?: string; by?: string; deleted?: boolean }
  | { type: 'notice'; text: string };

export const limits = {
  text: 8000,
  topic: 250,
  title: 80,
  query: 100,
  mentions: 10,
  reactions: 30, // kinds a message
  name: 32,
  passwordMin: 8,
  password: 128,
  reason: 200,
} as const;

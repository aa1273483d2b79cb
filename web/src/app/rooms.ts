// SPDX-License-Identifier: MIT
// Coming into rooms and private conversations, leaving them, and what one may do there.
import type { Room, RoomChannel } from '../model/protocol';
import { call, callNaming, rpc } from './calls';
import { goNowhere, goTo } from './navigation';
import { chat } from './open_chat';
import { attempt, toast } from './toasts';

export async function enter(room: string): Promise<void> {
  await call<Room>('chat.join', { room });
  await chat.peek()!.sync();
  goTo(`room:${room}`);
}

export const join = (room: string) => attempt(() => enter(room));

export async function decline(room: string): Promise<void> {
  if (await rpc('chat.leave', { room })) await chat.peek()!.sync();
}

export async function leave(room: string): Promise<void> {
  if (!(await rpc('chat.leave', { room }))) return;
  await chat.peek()!.sync();
  goNowhere();
}

export async function writeTo(user: string): Promise<void> {
  const { channel } = await callNaming<{ channel: string }>('chat.dm', { user });
  await chat.peek()!.sync();
  goTo(channel);
}

export const openDm = (user: string) => attempt(() => writeTo(user));

export async function hide(channel: string): Promise<void> {
  if (!(await rpc('chat.hide', { channel }))) return;
  goNowhere();
  await chat.peek()!.sync();
}

export async function setBlocked(user: string, isBlocked: boolean): Promise<void> {
  if (!(await rpc(isBlocked ? 'chat.block' : 'chat.unblock', { user }))) return;
  const blocked = `You blocked ${user}. Neither can write to the other.`;
  toast(isBlocked ? blocked : `You unblocked ${user}.`);
  await chat.peek()!.sync();
}

// What this user may do in the room.
export function powersIn(info: RoomChannel | undefined): { moderate: boolean; own: boolean } {
  const isAdmin = chat.peek()?.session.peek().role === 'admin';
  const own = isAdmin || info?.role === 'owner';
  return { own, moderate: own || info?.role === 'moderator' };
}

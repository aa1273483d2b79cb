// SPDX-License-Identifier: MIT
// Times, names and numbers for people, in the browser's language.
import type { Channel } from './protocol';

const dayMs = 86_400_000;

const clock = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' });
const weekday = new Intl.DateTimeFormat(undefined, {
  weekday: 'long',
  month: 'long',
  day: 'numeric',
});
const withYear = new Intl.DateTimeFormat(undefined, { dateStyle: 'long' });
const full = new Intl.DateTimeFormat(undefined, { dateStyle: 'full', timeStyle: 'short' });

// A time that somebody told, in Unix milliseconds; 0, for unknown, when it is none before the year
// 3000. Dates end at 8.64e15: what is beyond makes Intl throw.
export const timeOf = (told: unknown): number =>
  typeof told === 'number' && told > 0 && told < 32_503_680_000_000 ? told : 0;

const formatted = (format: Intl.DateTimeFormat, ms: number): string =>
  timeOf(ms) ? format.format(ms) : '';

export const clockTime = (ms: number): string => formatted(clock, ms);
export const fullTime = (ms: number): string => formatted(full, ms);

// Days since 1970 where the reader is.
export function dayOf(ms: number): number {
  const date = new Date(ms);
  return Math.floor(Date.UTC(date.getFullYear(), date.getMonth(), date.getDate()) / dayMs);
}

export function dayName(ms: number, now: number): string {
  const days = dayOf(now) - dayOf(ms);
  if (days === 0) return 'Today';
  if (days === 1) return 'Yesterday';
  return formatted(days > 0 && days < 300 ? weekday : withYear, ms);
}

// "just now", "5 min ago", "3 h ago", and the date after a day.
export function ago(ms: number, now: number): string {
  const minutes = Math.floor((now - ms) / 60_000);
  if (minutes < 1) return 'just now';
  if (minutes < 60) return `${minutes} min ago`;
  if (minutes < 24 * 60) return `${Math.floor(minutes / 60)} h ago`;
  return formatted(withYear, ms);
}

const browsers: [RegExp, string][] = [
  [/\bEdg(?:e|A|iOS)?\//, 'Edge'],
  [/\bOPR\//, 'Opera'],
  [/\b(?:Firefox|FxiOS)\//, 'Firefox'],
  [/\b(?:Headless)?(?:Chrome|CriOS)\//, 'Chrome'],
  [/\bSafari\//, 'Safari'],
  [/^chirm\b/, 'chirm in a terminal'],
];
const systems: [RegExp, string][] = [
  [/\bAndroid\b/, 'Android'],
  [/\b(?:iPhone|iPad)\b/, 'iOS'],
  [/\bWindows\b/, 'Windows'],
  [/\bMac OS X\b/, 'macOS'],
  [/\bLinux\b/, 'Linux'],
];

// What a User-Agent stands for: "Firefox on Linux". What is not known is told as it is.
export function agentName(agent: string | undefined): string {
  if (!agent) return 'An unknown program';
  const browser = browsers.find(([pattern]) => pattern.test(agent))?.[1];
  const system = systems.find(([pattern]) => pattern.test(agent))?.[1];
  return browser ? (system ? `${browser} on ${system}` : browser) : agent;
}

export function duration(seconds: number): string {
  if (seconds < 60) return `${Math.round(seconds)} s`;
  if (seconds < 3600) return `${Math.round(seconds / 60)} min`;
  if (seconds < 86_400) return `${Math.round(seconds / 3600)} h`;
  return `${Math.round(seconds / 86_400)} d`;
}

// What a conversation is called.
export const nameOf = (info: Channel): string =>
  info.kind === 'room' ? info.title || info.room : info.name || info.user;

export function plural(count: number, one: string, many = `${one}s`): string {
  return `${count.toLocaleString()} ${count === 1 ? one : many}`;
}

// "Ada", "Ada and Bob", "Ada, Bob and 3 others"
export function listNames(names: string[], shown = 3): string {
  if (names.length <= 1) return names[0] ?? '';
  if (names.length <= shown) return `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
  return `${names.slice(0, shown - 1).join(', ')} and ${names.length - shown + 1} others`;
}

export function initials(name: string): string {
  const words = name.replace(/^~/, '').split(/[._\-\s]+/).filter(Boolean);
  const letters = words.length > 1 ? words[0]![0]! + words[1]![0]! : (words[0] ?? '?').slice(0, 2);
  return letters.toUpperCase();
}

// One of the avatar colours, always the same for a user.
export function hueOf(user: string): number {
  let hash = 0;
  for (let i = 0; i < user.length; ++i) hash = (Math.imul(hash, 31) + user.charCodeAt(i)) >>> 0;
  return hash % 10;
}

// Badges: three characters at most.
export const badge = (count: number): string => (count > 99 ? '99+' : String(count));

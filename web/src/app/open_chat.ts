// SPDX-License-Identifier: MIT
// The chat of whoever is signed in; undefined while nobody is. session.ts sets it.
import { signal } from '@preact/signals';
import type { Chat } from './chat';

export const chat = signal<Chat | undefined>(undefined);

// SPDX-License-Identifier: MIT
// Light or dark, as the reader has chosen; kept in the browser's storage.
import { effect, signal } from '@preact/signals';

export type Theme = 'system' | 'light' | 'dark';

const themeKey = 'chirm.theme';

export const theme = signal<Theme>('system');

// Takes up what was chosen before; from then on the page and the storage follow the signal.
export function startTheme(): void {
  const stored = localStorage.getItem(themeKey);
  if (stored === 'light' || stored === 'dark') theme.value = stored;
  effect(() => {
    if (theme.value === 'system') {
      delete document.documentElement.dataset.theme;
      localStorage.removeItem(themeKey);
    } else {
      document.documentElement.dataset.theme = theme.value;
      localStorage.setItem(themeKey, theme.value);
    }
  });
}

// SPDX-License-Identifier: MIT
// How much room there is, as the styles have it (shell.css, "Less room").
import { signal, type Signal } from '@preact/signals';
import type { RefObject } from 'preact';
import { useLayoutEffect } from 'preact/hooks';

export const isPanelOver = signal(false); // a panel lies over the conversation
export const isPhone = signal(false); // a panel hides the conversation; the list is a drawer

export function startLayout(): void {
  follow('(max-width: 1179.98px)', isPanelOver);
  follow('(max-width: 759.98px)', isPhone);
}

function follow(query: string, isSo: Signal<boolean>): void {
  const media = matchMedia(query);
  isSo.value = media.matches;
  media.addEventListener('change', () => (isSo.value = media.matches));
}

// While the place lies over the rest of the page, which is inert then, it holds the focus.
// Afterwards the focus goes back to where it was, unless something else has taken it.
export function useHeldFocus(place: RefObject<HTMLElement>, isHeld: boolean): void {
  useLayoutEffect(() => {
    if (!isHeld) return;
    const before = document.activeElement as HTMLElement | null;
    place.current!.querySelector<HTMLElement>('[data-first-focus]')?.focus();
    return () => {
      const within = document.activeElement as HTMLElement | null;
      if (place.current?.contains(within)) within?.blur();
      requestAnimationFrame(() => {
        if (document.activeElement === document.body && before?.isConnected) before.focus();
      });
    };
  }, [isHeld]);
}

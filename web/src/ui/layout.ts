// SPDX-License-Identifier: MIT
// How much room there is, as the styles have it (shell.css, "Less room").
import { signal, type Signal } from '@preact/signals';
import type { RefObject } from 'preact';
import { useLayoutEffect } from 'preact/hooks';

function matches(query: string): Signal<boolean> {
  const media = matchMedia(query);
  const made = signal(media.matches);
  media.addEventListener('change', () => (made.value = media.matches));
  return made;
}

export const isPanelOver = matches('(max-width: 1179.98px)'); // it lies over the conversation
export const isPhone = matches('(max-width: 759.98px)'); // … and hides it; the list is a drawer

// While it lies over the rest, which is inert then, the focus is in it; afterwards back where it
// was, unless somebody has taken it.
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

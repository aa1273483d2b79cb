// SPDX-License-Identifier: MIT
// A box that a button opens beside itself, over all else: a menu, a picker. One of them closes
// with a click outside, with its own keys, and with its button.
import type { ComponentChildren, RefObject } from 'preact';
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks';

export function PopoverButton(props: {
  label: string;
  class?: string | undefined;
  kind: 'menu' | 'dialog';
  isOpen: boolean;
  buttonRef: RefObject<HTMLButtonElement>;
  onClick: () => void;
  children: ComponentChildren;
}) {
  return (
    <button
      type="button"
      ref={props.buttonRef}
      class={props.class ?? 'icon-button'}
      aria-label={props.label}
      title={props.label}
      aria-haspopup={props.kind}
      aria-expanded={props.isOpen}
      onClick={props.onClick}
    >
      {props.children}
    </button>
  );
}

// For the box, which is there only while it is open. `first`: what has the focus then.
export function usePopover(
  anchor: HTMLElement,
  first: string,
  onClose: (isBack: boolean) => void, // isBack: the button is to have the focus again
): RefObject<HTMLDivElement> {
  const box = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    const element = box.current!;
    element.showPopover();
    place(element, anchor);
    element.querySelector<HTMLElement>(first)?.focus();
  }, []);
  useEffect(() => {
    const outside = (event: Event) => {
      const target = event.target as Node;
      if (!box.current?.contains(target) && !anchor.contains(target)) onClose(false);
    };
    document.addEventListener('pointerdown', outside);
    return () => document.removeEventListener('pointerdown', outside);
  }, []);
  return box;
}

// Beside the anchor, wherever there is room.
function place(box: HTMLElement, anchor: HTMLElement): void {
  const at = anchor.getBoundingClientRect();
  const { width, height } = box.getBoundingClientRect();
  const left = Math.max(8, Math.min(at.right - width, innerWidth - width - 8));
  const below = at.bottom + 6;
  const top = below + height > innerHeight - 8 ? Math.max(8, at.top - height - 6) : below;
  box.style.left = `${at.left + width < innerWidth - 8 && at.left < 300 ? at.left : left}px`;
  box.style.top = `${top}px`;
}

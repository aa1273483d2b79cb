// SPDX-License-Identifier: MIT
// A modal window. Closes with Escape, its button, or a click beside it.
import type { ComponentChildren } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';
import { closeDialog } from '../app/overlays';
import { IconButton } from './parts';

export function Modal(props: {
  title: string;
  children: ComponentChildren;
  class?: string;
  onClose?: () => void;
  isBare?: boolean; // without the heading
}) {
  const ref = useRef<HTMLDialogElement>(null);
  const close = props.onClose ?? closeDialog;
  useLayoutEffect(() => {
    const element = ref.current!;
    const before = document.activeElement as HTMLElement | null;
    element.showModal();
    // The focus goes back to where it was, or to the page when that is gone.
    return () => {
      if (element.open) element.close();
      if (before?.isConnected) before.focus();
      if (document.activeElement === document.body) document.getElementById('main')?.focus();
    };
  }, []);
  return (
    <dialog
      ref={ref}
      class={`modal ${props.class ?? ''}`}
      aria-label={props.title}
      onCancel={(event) => {
        event.preventDefault();
        close();
      }}
      onPointerDown={(event) => {
        if (event.target === ref.current) close();
      }}
    >
      <div class="modal-body">
        {!props.isBare && (
          <header class="modal-head">
            <h2>{props.title}</h2>
            <IconButton icon="close" label="Close" onClick={close} />
          </header>
        )}
        {props.children}
      </div>
    </dialog>
  );
}

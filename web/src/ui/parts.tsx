// SPDX-License-Identifier: MIT
// Small parts that several views are made of.
import { cloneElement, type ComponentChildren, type JSX, type VNode } from 'preact';
import { useEffect, useId, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { hueOf, initials } from '../model/format';
import type { Status } from '../model/protocol';
import { dialog } from '../app/state';
import { Icon, type IconName } from './icons';

export function Avatar(props: {
  user: string;
  name: string;
  size?: number;
  status?: Status | undefined;
}) {
  const size = props.size ?? 36;
  return (
    <span class={`avatar hue-${hueOf(props.user)} avatar-${size}`} aria-hidden="true">
      {initials(props.name || props.user)}
      {props.status && <span class={`presence presence-${props.status}`} />}
    </span>
  );
}

type ButtonProps = Omit<JSX.HTMLAttributes<HTMLButtonElement>, 'icon'> & {
  icon: IconName;
  label: string;
  isOn?: boolean;
  size?: number;
  disabled?: boolean;
};

// A button that is only an icon: its label is what a screen reader says and a pointer is shown.
export function IconButton({ icon, label, isOn, size, ...rest }: ButtonProps) {
  return (
    <button
      type="button"
      {...rest}
      class={`icon-button ${rest.class ?? ''}`}
      aria-label={label}
      title={label}
      {...(isOn === undefined ? {} : { 'aria-pressed': isOn })}
    >
      <Icon name={icon} {...(size ? { size } : {})} />
    </button>
  );
}

export function Spinner({ label }: { label: string }) {
  return (
    <span class="spinner" role="status">
      <span class="hidden">{label}</span>
    </span>
  );
}

// A modal window. Closes with Escape, its button, or a click beside it.
export function Modal(props: {
  title: string;
  children: ComponentChildren;
  class?: string;
  onClose?: () => void;
  isBare?: boolean; // without the heading
}) {
  const ref = useRef<HTMLDialogElement>(null);
  const close = props.onClose ?? (() => (dialog.value = undefined));
  useLayoutEffect(() => {
    const element = ref.current!;
    const before = document.activeElement as HTMLElement | null;
    element.showModal();
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

export interface MenuItem {
  label: string;
  icon?: IconName;
  isDanger?: boolean;
  isChecked?: boolean;
  run: () => unknown;
}

// A button with a list of things to do. `items` is asked when it opens; false is a divider.
export function MenuButton(props: {
  label: string;
  class?: string;
  items: () => (MenuItem | false)[];
  children: ComponentChildren;
  onOpen?: (isOpen: boolean) => void;
}) {
  const [items, setItems] = useState<(MenuItem | false)[]>();
  const button = useRef<HTMLButtonElement>(null);
  const open = (next: (MenuItem | false)[] | undefined) => {
    setItems(next);
    props.onOpen?.(next !== undefined);
  };
  return (
    <>
      <button
        type="button"
        ref={button}
        class={props.class ?? 'icon-button'}
        aria-label={props.label}
        title={props.label}
        aria-haspopup="menu"
        aria-expanded={items !== undefined}
        onClick={() => open(items ? undefined : props.items())}
      >
        {props.children}
      </button>
      {items && (
        <Menu
          items={items}
          anchor={button.current!}
          onClose={(isBack) => {
            open(undefined);
            if (isBack) button.current?.focus();
          }}
        />
      )}
    </>
  );
}

function Menu(props: {
  items: (MenuItem | false)[];
  anchor: HTMLElement;
  onClose: (isBack: boolean) => void;
}) {
  const ref = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    const menu = ref.current!;
    menu.showPopover();
    place(menu, props.anchor);
    menu.querySelector<HTMLElement>('[role^=menuitem]')?.focus();
  }, []);
  useEffect(() => {
    const outside = (event: Event) => {
      const target = event.target as Node;
      if (!ref.current?.contains(target) && !props.anchor.contains(target)) props.onClose(false);
    };
    document.addEventListener('pointerdown', outside);
    return () => document.removeEventListener('pointerdown', outside);
  }, []);
  const onKeyDown = (event: KeyboardEvent) => {
    const all = [...ref.current!.querySelectorAll<HTMLElement>('[role^=menuitem]')];
    const at = all.indexOf(document.activeElement as HTMLElement);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: all.length - 1 }[event.key];
    if (to !== undefined) all[(to + all.length) % all.length]?.focus();
    else if (event.key === 'Escape' || event.key === 'Tab') props.onClose(true);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <div ref={ref} class="menu" role="menu" popover="manual" onKeyDown={onKeyDown}>
      {props.items.map((item) =>
        item ? (
          <button
            type="button"
            tabIndex={-1}
            role={item.isChecked === undefined ? 'menuitem' : 'menuitemradio'}
            {...(item.isChecked === undefined ? {} : { 'aria-checked': item.isChecked })}
            class={item.isDanger ? 'is-danger' : ''}
            onClick={() => {
              props.onClose(true);
              item.run();
            }}
          >
            {item.icon && <Icon name={item.icon} size={17} />}
            <span>{item.label}</span>
            {item.isChecked && <Icon name="check" size={16} />}
          </button>
        ) : (
          <hr />
        ),
      )}
    </div>
  );
}

// Beside the anchor, wherever there is room.
export function place(box: HTMLElement, anchor: HTMLElement): void {
  const at = anchor.getBoundingClientRect();
  const { width, height } = box.getBoundingClientRect();
  const left = Math.max(8, Math.min(at.right - width, innerWidth - width - 8));
  const below = at.bottom + 6;
  const top = below + height > innerHeight - 8 ? Math.max(8, at.top - height - 6) : below;
  box.style.left = `${at.left + width < innerWidth - 8 && at.left < 300 ? at.left : left}px`;
  box.style.top = `${top}px`;
}

export function Empty(props: { title: string; children?: ComponentChildren }) {
  return (
    <div class="empty">
      <p class="empty-title">{props.title}</p>
      {props.children}
    </div>
  );
}

// A field with its label, and a hint that is not part of its name.
export function Labelled(props: {
  label: string;
  hint?: string | undefined;
  children: VNode<{ id?: string; 'aria-describedby'?: string }>;
  after?: ComponentChildren; // inside the field's box
}) {
  const id = useId();
  const described = props.hint ? { 'aria-describedby': `${id}-hint` } : {};
  return (
    <div class="field">
      <label class="field-label" for={id}>
        {props.label}
      </label>
      <span class="field-box">
        {cloneElement(props.children, { id, ...described })}
        {props.after}
      </span>
      {props.hint && (
        <span class="field-hint" id={`${id}-hint`}>
          {props.hint}
        </span>
      )}
    </div>
  );
}

// Why something did not work, where it was asked for.
export function FormError({ text }: { text: string }) {
  if (!text) return null;
  return (
    <p class="form-error" role="alert">
      <Icon name="alert" size={16} /> <span>{text}</span>
    </p>
  );
}

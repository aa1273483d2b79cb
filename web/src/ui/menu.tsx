// SPDX-License-Identifier: MIT
// A button with a list of things to do.
import type { ComponentChildren } from 'preact';
import { useRef, useState } from 'preact/hooks';
import { Icon, type IconName } from './icons';
import { PopoverButton, usePopover } from './popover';

export interface MenuItem {
  label: string;
  icon?: IconName;
  isDanger?: boolean;
  isChecked?: boolean;
  run: () => unknown;
}

export type MenuItems = (MenuItem | false)[]; // false: a divider

// `items` is asked when it opens.
export function MenuButton(props: {
  label: string;
  class?: string;
  items: () => MenuItems;
  children: ComponentChildren;
}) {
  const [items, setItems] = useState<MenuItems>();
  const button = useRef<HTMLButtonElement>(null);
  return (
    <>
      <PopoverButton
        label={props.label}
        class={props.class}
        kind="menu"
        isOpen={items !== undefined}
        buttonRef={button}
        onClick={() => setItems(items ? undefined : props.items())}
      >
        {props.children}
      </PopoverButton>
      {items && (
        <Menu
          items={items}
          anchor={button.current!}
          onClose={(isBack) => {
            setItems(undefined);
            if (isBack) button.current?.focus();
          }}
        />
      )}
    </>
  );
}

function Menu(props: {
  items: MenuItems;
  anchor: HTMLElement;
  onClose: (isBack: boolean) => void;
}) {
  const menu = usePopover(props.anchor, '[role^=menuitem]', props.onClose);
  const onKeyDown = (event: KeyboardEvent) => {
    const all = [...menu.current!.querySelectorAll<HTMLElement>('[role^=menuitem]')];
    const at = all.indexOf(document.activeElement as HTMLElement);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: all.length - 1 }[event.key];
    if (to !== undefined) all[(to + all.length) % all.length]?.focus();
    else if (event.key === 'Escape' || event.key === 'Tab') props.onClose(true);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <div ref={menu} class="menu" role="menu" popover="manual" onKeyDown={onKeyDown}>
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

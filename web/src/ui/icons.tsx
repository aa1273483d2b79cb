// SPDX-License-Identifier: MIT
// Line icons on a grid of 24, and the mark.

const paths = {
  hash: 'M9 4 7 20M17 4l-2 16M4.5 9h16M3.5 15h16',
  lock: 'M6 11h12v9H6zM8.5 11V8a3.5 3.5 0 0 1 7 0v3',
  plus: 'M12 5v14M5 12h14',
  search: 'M11 4.5a6.5 6.5 0 1 1 0 13 6.5 6.5 0 0 1 0-13ZM16 16l4 4',
  people:
    'M9 11.5a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7ZM2.5 20c.3-4 2.8-6 6.5-6s6.2 2 6.5 6' +
    'M16 5a3.3 3.3 0 0 1 0 6.3M18 14.5c2 .7 3.3 2.5 3.5 5.5',
  menu: 'M4 7h16M4 12h16M4 17h16',
  close: 'M6 6l12 12M18 6 6 18',
  send: 'M4.5 12 4 5l17 7-17 7 .5-7Zm0 0H12',
  smile:
    'M12 3.5a8.5 8.5 0 1 1 0 17 8.5 8.5 0 0 1 0-17ZM8.5 14.2c.8 1.2 2 1.8 3.5 1.8s2.7-.6 3.5-1.8' +
    'M9 9.7v.3M15 9.7v.3',
  reply: 'M10 6 4 11.5 10 17M4.5 11.5H14c3.5 0 6 2.3 6 6.5',
  edit: 'M4 20l1-4.5L16 4.5l3.5 3.5-11 11L4 20ZM13.5 7l3.5 3.5',
  trash: 'M4.5 7h15M9.5 7V4.5h5V7M6.5 7l1 13h9l1-13M10.5 11v5M13.5 11v5',
  more: 'M5.5 12h.01M12 12h.01M18.5 12h.01',
  down: 'M6 9.5 12 15.5l6-6',
  arrowDown: 'M12 5v14M6 13l6 6 6-6',
  left: 'M14.5 6 8.5 12l6 6',
  check: 'M5 12.5 10 17.5 19.5 7',
  clock: 'M12 3.5a8.5 8.5 0 1 1 0 17 8.5 8.5 0 0 1 0-17ZM12 7.5V12l3 2',
  alert: 'M12 4 2.5 20h19L12 4ZM12 10v4.5M12 17.2v.1',
  leave: 'M10 4.5H5v15h5M14 8l4.5 4-4.5 4M18 12H9.5',
  compass: 'M12 3.5a8.5 8.5 0 1 1 0 17 8.5 8.5 0 0 1 0-17ZM15.5 8.5l-2 5-5 2 2-5 5-2Z',
  bell: 'M6 16.5V11a6 6 0 1 1 12 0v5.5l1.5 1.5h-15L6 16.5ZM10 20.5h4',
  mute: 'M5 9.5v5h3.5L13 18.5v-13L8.5 9.5H5ZM16.5 9.5l4 5M20.5 9.5l-4 5',
  block: 'M12 3.5a8.5 8.5 0 1 1 0 17 8.5 8.5 0 0 1 0-17ZM6 6l12 12',
  crown: 'M4 17.5 3 7.5l5.5 4L12 5l3.5 6.5 5.5-4-1 10H4ZM4.5 20.5h15',
  shield: 'M12 3.5 5 6v5.5c0 4.5 2.8 7.3 7 9 4.2-1.7 7-4.5 7-9V6l-7-2.5Z',
  wifi: 'M3 9.5a13 13 0 0 1 18 0M6.5 13a8 8 0 0 1 11 0M10 16.5a3 3 0 0 1 4 0M12 19.5v.1',
  copy: 'M8.5 8.5V4.5h11v11h-4M4.5 8.5h11v11h-11z',
  link:
    'M10 14a4 4 0 0 0 6 .5l3-3a4.2 4.2 0 0 0-6-6l-1.3 1.3' +
    'M14 10a4 4 0 0 0-6-.5l-3 3a4.2 4.2 0 0 0 6 6l1.3-1.3',
  at:
    'M12 8.5a3.5 3.5 0 1 1 0 7 3.5 3.5 0 0 1 0-7Z' +
    'M15.5 8.5v5c0 1.5 1 2.5 2.3 2.5 1.8 0 2.7-1.7 2.7-4A8.5 8.5 0 1 0 17 19',
  chart: 'M4 4v16h16M7.5 15l3.5-4.5 3 2.5 5-6.5',
  kick:
    'M9.5 11.5a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7ZM3 20c.3-4 2.8-6 6.5-6 1.7 0 3.2.4 4.3 1.3' +
    'M16 15l5 5M21 15l-5 5',
  userPlus:
    'M9.5 11.5a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7ZM3 20c.3-4 2.8-6 6.5-6 2.5 0 4.5 1 5.6 2.8' +
    'M18.5 7v6M15.5 10h6',
  archive: 'M3.5 5h17v4h-17zM5 9v10.5h14V9M10 13h4',
  key: 'M8 11a4 4 0 1 1 0 8 4 4 0 0 1 0-8ZM11 12.5l8.5-8.5M16 7.5l3 3',
  keyboard: 'M3 6.5h18v11H3zM6.5 10h.1M10 10h.1M13.5 10h.1M17 10h.1M8 14h8',
  sun:
    'M12 8a4 4 0 1 1 0 8 4 4 0 0 1 0-8ZM12 2.5V5M12 19v2.5M2.5 12H5M19 12h2.5M5.3 5.3 7 7' +
    'M17 17l1.7 1.7M18.7 5.3 17 7M7 17l-1.7 1.7',
} as const;

export type IconName = keyof typeof paths;

export function Icon({ name, size = 20 }: { name: IconName; size?: number }) {
  return (
    <svg
      class={name === 'more' ? 'icon is-dots' : 'icon'}
      width={size}
      height={size}
      viewBox="0 0 24 24"
      aria-hidden="true"
    >
      <path d={paths[name]} />
    </svg>
  );
}

export function Mark({ size = 28 }: { size?: number }) {
  return (
    <svg class="mark" width={size} height={size} viewBox="0 0 32 32" aria-hidden="true">
      <path
        class="mark-body"
        d="M15.5 3C22.7 3 27 8 27 14.8 27 22.6 22 29 14.5 29H6a3 3 0 0 1-3-3V15.5C3 8 8.3 3 15.5 3Z"
      />
      <path class="mark-beak" d="m26 10.2 5 3.3-4.6 2.5c.3-2 .2-4-.4-5.8Z" />
      <path
        class="mark-wing"
        d="M3.3 20.5c6.7.4 12.2-2 15.7-7 .6 6.6-3.7 12.9-11.5 13.5-2.3.2-4-1-4.2-3.5Z"
      />
      <circle class="mark-wing" cx="20.3" cy="9.6" r="1.9" />
    </svg>
  );
}

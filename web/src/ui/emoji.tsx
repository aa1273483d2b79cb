// SPDX-License-Identifier: MIT
// A small picker of emoji, searched by words.
import { useRef, useState } from 'preact/hooks';
import { Icon } from './icons';
import { PopoverButton, usePopover } from './popover';

const emoji: [string, string][] = [
  ['👍', 'thumbs up yes ok good'], ['👎', 'thumbs down no bad'], ['❤️', 'heart love red'],
  ['😂', 'laugh tears joy lol'], ['😄', 'smile happy grin'], ['😊', 'blush happy smile'],
  ['😉', 'wink'], ['😍', 'heart eyes love'], ['🤔', 'think hmm'], ['😅', 'sweat relief'],
  ['😢', 'cry sad tear'], ['😭', 'sob cry sad'], ['😮', 'wow surprised open'], ['😱', 'scream fear'],
  ['😡', 'angry mad'], ['🙄', 'roll eyes'], ['😴', 'sleep tired'], ['🤯', 'mind blown'],
  ['🥳', 'party celebrate'], ['😎', 'cool sunglasses'], ['🤝', 'handshake deal'],
  ['👏', 'clap applause bravo'], ['🙌', 'hands praise hooray'], ['🙏', 'thanks please pray'],
  ['💪', 'strong muscle'], ['👋', 'wave hello bye'], ['👀', 'eyes look'],
  ['🤞', 'fingers crossed luck'],
  ['🎉', 'tada party celebrate'], ['🎂', 'cake birthday'], ['🎁', 'gift present'],
  ['🔥', 'fire hot lit'],
  ['⭐', 'star'], ['✨', 'sparkles new'], ['💯', 'hundred perfect'], ['✅', 'check done yes'],
  ['❌', 'cross no wrong'], ['⚠️', 'warning careful'], ['❓', 'question'], ['❗', 'exclamation'],
  ['🚀', 'rocket ship launch deploy'], ['🐛', 'bug insect'], ['🐦', 'bird'], ['🐣', 'chick hatch bird'],
  ['🌻', 'sunflower'], ['🌈', 'rainbow'], ['☀️', 'sun'], ['🌙', 'moon night'],
  ['☕', 'coffee tea break'],
  ['🍕', 'pizza lunch food'], ['🍺', 'beer'], ['🍀', 'clover luck'], ['💡', 'idea light bulb'],
  ['📌', 'pin'], ['📎', 'clip attach'], ['📅', 'calendar date'], ['🔒', 'lock secure'],
  ['🔧', 'wrench fix tool'], ['🐢', 'turtle slow'], ['⏳', 'hourglass wait'],
];

export function EmojiButton(props: {
  label: string;
  class?: string;
  onPick: (emoji: string) => void;
}) {
  const [isOpen, setOpen] = useState(false);
  const button = useRef<HTMLButtonElement>(null);
  return (
    <>
      <PopoverButton
        label={props.label}
        class={props.class}
        kind="dialog"
        isOpen={isOpen}
        buttonRef={button}
        onClick={() => setOpen(!isOpen)}
      >
        <Icon name="smile" size={18} />
      </PopoverButton>
      {isOpen && (
        <Picker
          anchor={button.current!}
          onClose={(isBack) => {
            setOpen(false);
            if (isBack) button.current?.focus();
          }}
          onPick={(picked) => {
            setOpen(false);
            props.onPick(picked);
          }}
        />
      )}
    </>
  );
}

const columns = 8; // as in overlays.css
const steps: Record<string, number> = {
  ArrowRight: 1,
  ArrowLeft: -1,
  ArrowDown: columns,
  ArrowUp: -columns,
};

function Picker(props: {
  anchor: HTMLElement;
  onPick: (emoji: string) => void;
  onClose: (isBack: boolean) => void;
}) {
  const [query, setQuery] = useState('');
  const box = usePopover(props.anchor, 'input', props.onClose);
  const words = query.trim().toLowerCase();
  const found = emoji.filter(([, tags]) => tags.includes(words));
  const onKeyDown = (event: KeyboardEvent) => {
    event.stopPropagation();
    const all = [...box.current!.querySelectorAll<HTMLElement>('.picker-grid button')];
    const at = all.indexOf(document.activeElement as HTMLElement);
    const step = steps[event.key];
    if (event.key === 'Escape') props.onClose(true);
    else if (event.key === 'Enter' && at < 0 && found[0]) props.onPick(found[0][0]);
    else if (step !== undefined && (at >= 0 || event.key === 'ArrowDown')) {
      const field = box.current!.querySelector('input');
      const to = at < 0 ? all[0] : at + step < 0 ? field : all[at + step];
      to?.focus();
    } else return;
    event.preventDefault();
  };
  return (
    <div
      ref={box}
      class="picker"
      role="dialog"
      aria-label="Choose an emoji"
      popover="manual"
      onKeyDown={onKeyDown}
    >
      <input
        type="text"
        placeholder="Search emoji"
        aria-label="Search emoji"
        value={query}
        onInput={(event) => setQuery(event.currentTarget.value)}
      />
      <div class="picker-grid">
        {found.map(([key, tags]) => (
          <button
            type="button"
            key={key}
            aria-label={tags}
            title={tags.split(' ')[0]}
            onClick={() => props.onPick(key)}
          >
            {key}
          </button>
        ))}
        {found.length === 0 && <p class="faint">Nothing found</p>}
      </div>
    </div>
  );
}

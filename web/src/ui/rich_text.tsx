// SPDX-License-Identifier: MIT
// What was said, with its links, names and code. Text becomes text nodes only.
import type { ComponentChildren } from 'preact';
import { isOnlyEmoji, split } from '../model/text';

export function RichText(props: { text: string; mentions: string[]; me: string }) {
  const users = new Set(props.mentions);
  if (isOnlyEmoji(props.text)) return <span class="only-emoji">{props.text}</span>;
  const name = `@${props.me.toLowerCase()}`;
  if (props.text.toLowerCase().includes(name)) users.add(props.me);
  return (
    <>
      {split(props.text, users).map((piece): ComponentChildren => {
        switch (piece.kind) {
          case 'link':
            return (
              <a href={piece.href} title={piece.href} target="_blank" rel="noopener noreferrer">
                {piece.text}
              </a>
            );
          case 'mention':
            return (
              <span class={piece.user === props.me ? 'mention is-me' : 'mention'}>
                {piece.text}
              </span>
            );
          case 'code':
            return <code>{piece.text}</code>;
          case 'block':
            return <pre tabIndex={0}>{piece.text}</pre>;
          case 'text':
            return piece.text;
        }
      })}
    </>
  );
}

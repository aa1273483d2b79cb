// SPDX-License-Identifier: MIT
// Names that complete what was begun with an @.
import { useComputed, useSignal, type ReadonlySignal, type Signal } from '@preact/signals';
import type { Conversation } from '../app/conversation';
import { peopleIn } from '../app/members';
import { chat } from '../app/open_chat';
import { mentionAt } from '../model/text';
import type { Composing } from './composer_state';
import { Avatar } from './parts';

type Person = [user: string, name: string];

export interface Completions {
  found: ReadonlySignal<{ begin: number; people: Person[] } | undefined>; // nothing to complete
  chosen: Signal<number>;
  isDismissed: Signal<boolean>; // until something is typed
  complete(user: string): void;
}

const foundMax = 6;

// `caret`: where it is in the text. `place` puts it somewhere else.
export function useCompletions(
  conversation: Conversation,
  state: Composing,
  caret: Signal<number>,
  place: (caret: number) => void,
): Completions {
  const isDismissed = useSignal(false);
  const chosen = useSignal(0);
  const found = useComputed(() => {
    const at = mentionAt(state.text.value, caret.value);
    if (!at || isDismissed.value) return undefined;
    const people = peopleNamed(conversation, at.query);
    const isWhole = people.length === 1 && people[0]![0].toLowerCase() === at.query;
    return people.length > 0 && !isWhole ? { begin: at.begin, people } : undefined;
  });
  const complete = (user: string) => {
    const at = found.peek();
    const { text } = state;
    if (!at) return;
    const end = text.value.slice(caret.value);
    const begin = `${text.value.slice(0, at.begin)}@${user} `;
    text.value = begin + end.replace(/^ /, '');
    caret.value = begin.length;
    place(begin.length);
  };
  return { found, chosen, isDismissed, complete };
}

function peopleNamed(conversation: Conversation, query: string): Person[] {
  const { me } = chat.peek()!;
  return [...peopleIn(conversation)]
    .filter(([user]) => user !== me)
    .filter((names) => names.some((each) => each.toLowerCase().startsWith(query)))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .slice(0, foundMax);
}

// True when the key was for the list.
export function onCompletionKey(event: KeyboardEvent, completions: Completions): boolean {
  const { chosen, complete, isDismissed } = completions;
  const people = completions.found.peek()?.people;
  if (!people) return false;
  switch (event.key) {
    case 'ArrowDown':
      chosen.value = (chosen.value + 1) % people.length;
      return true;
    case 'ArrowUp':
      chosen.value = (chosen.value - 1 + people.length) % people.length;
      return true;
    case 'Enter':
    case 'Tab':
      complete((people[chosen.value] ?? people[0]!)[0]);
      return true;
    case 'Escape':
      isDismissed.value = true;
      return true;
    default:
      return false;
  }
}

// Of the field that the list belongs to.
export function completionAttributes({ found, chosen }: Completions) {
  if (!found.value) return {};
  return {
    'aria-controls': 'completions',
    'aria-activedescendant': `completion-${chosen.value}`,
  };
}

export function CompletionList({ found, chosen, complete }: Completions) {
  if (!found.value) return null;
  return (
    <ul class="completions" id="completions" role="listbox" aria-label="People">
      {found.value.people.map(([user, name], index) => (
        <li
          key={user}
          id={`completion-${index}`}
          role="option"
          aria-selected={index === chosen.value}
          onPointerDown={(event) => {
            event.preventDefault(); // the field keeps the focus
            complete(user);
          }}
        >
          <Avatar user={user} name={name} size={24} />
          <b>{name}</b> <span class="faint">@{user}</span>
        </li>
      ))}
    </ul>
  );
}

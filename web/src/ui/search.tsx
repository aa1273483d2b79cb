// SPDX-License-Identifier: MIT
// Searching one conversation, beside it.
import { useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { call } from '../app/calls';
import type { Conversation } from '../app/conversation';
import { goTo } from '../app/navigation';
import { panel } from '../app/overlays';
import { messageOf } from '../model/codes';
import { clockTime, dayName, nameOf, plural, timeOf } from '../model/format';
import { limits, type SearchHit } from '../model/protocol';
import { bound } from './form';
import { Guarded } from './guarded';
import { isPanelOver, isPhone, useHeldFocus } from './layout';
import { Avatar, IconButton, Spinner } from './parts';

const waitMs = 250; // while somebody types, not each letter is asked for
const walkMax = 5; // answers without a result, until it is told how far that was

interface Found {
  results: SearchHit[];
  next?: number; // where to go on, backwards; none: that was all
}

// One answer may be empty and say where to go on: the server reads some way back at a time.
async function walk(
  channel: string,
  query: string,
  before: number | undefined,
  isWanted: () => boolean,
): Promise<Found> {
  for (let i = 1; ; ++i) {
    const found = await call<Found>('chat.search', {
      channel,
      query,
      ...(before === undefined ? {} : { before }),
    });
    if (found.results.length || found.next === undefined || i === walkMax || !isWanted()) {
      return found;
    }
    before = found.next;
  }
}

// Searches for what is typed. An answer that comes after the next question is not shown.
function useSearch(conversation: Conversation) {
  const query = useSignal('');
  const hits = useSignal<SearchHit[] | undefined>(undefined);
  const next = useSignal<number | undefined>(undefined);
  const error = useSignal('');
  const isBusy = useSignal(false);
  const round = useRef(0);

  async function find(before?: number): Promise<void> {
    const words = query.value.trim();
    const mine = ++round.current;
    error.value = '';
    isBusy.value = words !== '';
    if (before === undefined) next.value = undefined;
    if (words === '') hits.value = undefined;
    if (words === '') return;
    try {
      const known = before === undefined ? [] : (hits.value ?? []);
      const { channel } = conversation;
      const found = await walk(channel, words, before, () => mine === round.current);
      if (mine !== round.current) return;
      hits.value = [...known, ...found.results];
      next.value = found.next;
    } catch (problem) {
      if (mine === round.current) error.value = messageOf(problem);
    } finally {
      if (mine === round.current) isBusy.value = false;
    }
  }
  useEffect(() => {
    const timer = setTimeout(() => void find(), waitMs);
    return () => clearTimeout(timer);
  }, [query.value]);
  return { query, hits, next, error, isBusy, find };
}

export function SearchPanel({ conversation }: { conversation: Conversation }) {
  const search = useSearch(conversation);
  const { query, hits, next, isBusy, find } = search;
  const field = useRef<HTMLInputElement>(null);
  const aside = useRef<HTMLElement>(null);
  useHeldFocus(aside, isPhone.value);
  useEffect(() => field.current?.focus(), []);
  return (
    <aside class="panel" aria-label="Search" ref={aside}>
      <header class="panel-head">
        <h2>Search</h2>
        <IconButton icon="close" label="Close search" onClick={() => (panel.value = 'none')} />
      </header>
      <div class="panel-search">
        <input
          ref={field}
          type="search"
          maxLength={limits.query}
          placeholder={`In ${nameOf(conversation.info.value)}`}
          aria-label="Words to search for"
          onKeyDown={(event) => {
            if (event.key === 'Escape') panel.value = 'none';
          }}
          {...bound(query)}
        />
      </div>
      <div class="panel-scroll" aria-live="polite" aria-busy={isBusy.value}>
        <Note search={search} top={conversation.timeline.top} />
        <ul class="hits">
          {hits.value?.map((hit) => (
            <li key={hit.offset}>
              <Guarded of={hit} name="message">
                <Hit hit={hit} query={query.value} conversation={conversation} />
              </Guarded>
            </li>
          ))}
        </ul>
        {isBusy.value && <Spinner label="Searching" />}
        {next.value !== undefined && !isBusy.value && (
          <button type="button" class="button is-wide" onClick={() => void find(next.value)}>
            {hits.value?.length ? 'Older results' : 'Search older messages'}
          </button>
        )}
      </div>
    </aside>
  );
}

// Why there is nothing to be seen.
function Note({ search, top }: { search: ReturnType<typeof useSearch>; top: number }) {
  const { query, hits, next, error, isBusy } = search;
  if (error.value) return <p class="panel-note is-bad">{error.value}</p>;
  if (hits.value === undefined) {
    return <p class="panel-note faint">Finds messages by their words, the newest first.</p>;
  }
  if (hits.value.length > 0 || isBusy.value) return null;
  return (
    <p class="panel-note faint">
      Nothing found for “{query.value.trim()}”
      {next.value === undefined
        ? '.'
        : ` in the newest ${plural(top - next.value, 'entry', 'entries')}.`}
    </p>
  );
}

function Hit(props: { hit: SearchHit; query: string; conversation: Conversation }) {
  const { hit, conversation } = props;
  const name = hit.name ?? conversation.timeline.message(hit.offset)?.name ?? hit.user;
  const text = typeof hit.data?.text === 'string' ? hit.data.text : '';
  const time = timeOf(hit.time) || timeOf(hit.data?.time);
  const open = () => {
    if (isPanelOver.peek()) panel.value = 'none';
    goTo(conversation.channel, hit.offset);
  };
  return (
    <button type="button" class="hit" onClick={open}>
      <span class="hit-head">
        <Avatar user={hit.user} name={name} size={20} />
        <b>{name}</b>
        {time > 0 && (
          <time>
            {dayName(time, Date.now())}, {clockTime(time)}
          </time>
        )}
      </span>
      <span class="hit-text">
        <Marked text={text} query={props.query} />
      </span>
    </button>
  );
}

// The words that were searched for stand out.
function Marked({ text, query }: { text: string; query: string }) {
  const words = query.trim().split(/\s+/).filter(Boolean);
  if (words.length === 0) return <>{text}</>;
  const escaped = words.map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  const parts = text.split(new RegExp(`(${escaped.join('|')})`, 'gi'));
  return <>{parts.map((part, index) => (index % 2 ? <mark>{part}</mark> : part))}</>;
}

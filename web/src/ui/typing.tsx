// SPDX-License-Identifier: MIT
// Who types, below the field.
import type { Conversation } from '../app/conversation';
import { listNames } from '../model/format';

export function Typing({ conversation }: { conversation: Conversation }) {
  const names = [...conversation.typing.people.value.values()].map((each) => each.name);
  return (
    <div class="typing" aria-live="polite">
      {names.length > 0 && (
        <>
          <span class="typing-dots" aria-hidden="true">
            <i />
            <i />
            <i />
          </span>
          {names.length > 3
            ? 'Several people are'
            : `${listNames(names)} ${names.length > 1 ? 'are' : 'is'}`}{' '}
          typing
        </>
      )}
    </div>
  );
}

// SPDX-License-Identifier: MIT
// The open conversation: its heading, messages, field, and what can stand beside them.
import { useEffect } from 'preact/hooks';
import type { Conversation } from '../app/conversation';
import { current } from '../app/navigation';
import { panel } from '../app/overlays';
import { Banner } from './banner';
import { Composer } from './composer';
import { Guarded } from './guarded';
import { Heading } from './heading';
import { isPhone } from './layout';
import { MembersPanel } from './members_panel';
import { Messages } from './messages';
import { Nothing } from './nothing';
import { SearchPanel } from './search';
import { Typing } from './typing';

export function MainPane() {
  const conversation = current.value;
  const isRoom = conversation?.info.value.kind === 'room';
  const isSearch = conversation !== undefined && panel.value === 'search';
  const isMembers = isRoom && panel.value === 'members';
  const isPanel = isSearch || isMembers;
  return (
    <>
      <main class="main" id="main" tabIndex={-1} inert={isPhone.value && isPanel}>
        <Banner />
        {conversation ? (
          <Open conversation={conversation} key={conversation.channel} />
        ) : (
          <Nothing />
        )}
      </main>
      {isSearch && (
        <Guarded of={conversation} name="panel" key={conversation.channel}>
          <SearchPanel conversation={conversation} />
        </Guarded>
      )}
      {isMembers && (
        <Guarded of={conversation} name="panel" key={conversation!.channel}>
          <MembersPanel conversation={conversation!} />
        </Guarded>
      )}
    </>
  );
}

function Open({ conversation }: { conversation: Conversation }) {
  // What had the focus may be gone.
  useEffect(() => {
    if (document.activeElement === document.body) document.getElementById('main')?.focus();
  }, []);
  return (
    <>
      <Guarded name="heading">
        <Heading conversation={conversation} />
      </Guarded>
      <Guarded name="conversation">
        <Messages conversation={conversation} />
      </Guarded>
      <Composer conversation={conversation} />
      <Guarded name="line">
        <Typing conversation={conversation} />
      </Guarded>
    </>
  );
}

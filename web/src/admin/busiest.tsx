// SPDX-License-Identifier: MIT
// The rooms that most are in. Private conversations are nobody's business here.
import { compact } from './samples';
import type { BusyChannels } from './operator';

export function Busiest({ channels }: { channels: BusyChannels | undefined }) {
  if (!channels) return null;
  const most = channels.channels[0]?.clients ?? 1;
  return (
    <section class="card">
      <h2>
        Busiest rooms <span class="faint">of {compact(channels.count)}</span>
      </h2>
      {channels.channels.length === 0 && <p class="faint">Nobody is in any room.</p>}
      <ol class="busiest">
        {channels.channels.map(({ channel, clients }) => (
          <li key={channel}>
            <span class="busiest-name">{channel.replace(/^room:/, '')}</span>
            <svg width="100%" height="6" aria-hidden="true">
              <rect class="busiest-track" width="100%" height="6" rx="3" />
              <rect class="busiest-bar" width={`${(clients / most) * 100}%`} height="6" rx="3" />
            </svg>
            <b aria-label={`${clients} connected`}>{compact(clients)}</b>
          </li>
        ))}
      </ol>
    </section>
  );
}

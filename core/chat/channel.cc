// SPDX-License-Identifier: MIT
#include "core/chat/channel.h"

#include "core/base/check.h"

namespace chirm {

void Channel::check() const {
  log.check();
  const std::uint64_t top = log.top().offset;
  if (state == ChannelState::kSubscribing) {
    CHIRM_CHECK(members.empty() && log.bytes() == 0 && !catch_up, name(), members.size());
  }
  // A pause ends when the flush is through with the members, so there must be a flush to come.
  if (is_repair_paused) {
    CHIRM_CHECK(state == ChannelState::kRepairing && is_linked(), name(), is_linked());
  }
  // A round that nobody goes on with would keep the members waiting until the next publication.
  CHIRM_CHECK(round.left <= members.size(), name(), round.left, members.size());
  CHIRM_CHECK(round.left == 0 || is_linked(), name(), round.left);
  CHIRM_CHECK(round.live_from <= top, name(), round.live_from, top);
  for (const Member& member : members) {
    CHIRM_CHECK(member.cursor <= top, name(), member.cursor, top);
  }
  if (catch_up) catch_up->check();
}

}  // namespace chirm

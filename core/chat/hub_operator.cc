// SPDX-License-Identifier: MIT
// What an operator, or a server of theirs, asks of the hub.
#include <algorithm>

#include "core/chat/hub.h"
#include "core/chat/session.h"
#include "protocol/message.h"

namespace chirm {

namespace {
constexpr std::size_t kLooksMax = 1'000;
// A socket that is full for a moment is not slow.
constexpr std::uint64_t kSlowMs = 1'000;
}  // namespace

void Hub::take_away(Session& session, std::string_view name, const Unsubscribe& why) {
  const auto* subscription = session.find(name);
  if (subscription == nullptr || session.is_closing()) return;
  if (!subscription->is_server_side) return end_subscription(session, name, why);
  const std::string channel(name);
  unsubscribe(session, *subscription->channel);
  session.context_.scratch.clear();
  append_unsubscribe_push(session.context_.scratch, channel, why);
  session.send_scratch();
}

void Hub::for_each_channel(
    const std::function<void(const std::string&, std::size_t)>& visit) const {
  for (const auto& [name, channel] : channels_) {
    if (!channel->members.empty()) visit(name, channel->members.size());
  }
}

std::vector<Hub::Reader> Hub::slow_readers() {
  const std::uint64_t now = loop_.now_ms();
  std::vector<Reader> found;
  std::size_t looks = 0;
  const auto note = [&](const Session& session, const Channel& channel, std::uint32_t member) {
    ++looks;
    const std::uint64_t behind = channel.log.top().offset - channel.members[member].cursor;
    if (behind > 0) found.push_back({&session, channel.name(), behind});
  };
  IntrusiveList<Session, BlockedSessionTag> seen;
  while (looks < kLooksMax && !blocked_sessions_.empty()) {
    Session& session = *blocked_sessions_.pop_front();
    seen.push_back(session);
    ++looks;
    if (now - session.blocked_ms_ < kSlowMs) continue;
    for (const auto& one : session.subscriptions_) {
      if (one.is_live && !one.is_catching_up) note(session, *one.channel, one.index);
    }
  }
  blocked_sessions_.take(seen);
  IntrusiveList<CatchUp, CatchUpTag> walks;
  while (looks < 2 * kLooksMax && !catching_up_.empty()) {
    CatchUp& up = *catching_up_.pop_front();
    walks.push_back(up);
    for (Session* session : up.readers) {
      if (looks >= 2 * kLooksMax) break;
      note(*session, up.channel, session->find(up.channel)->index);
    }
  }
  catching_up_.take(walks);
  std::ranges::sort(found, std::ranges::greater(), &Reader::behind);
  return found;
}

}  // namespace chirm

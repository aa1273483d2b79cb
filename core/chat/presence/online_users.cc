// SPDX-License-Identifier: MIT
#include "core/chat/presence/online_users.h"

#include <algorithm>
#include <charconv>
#include <iterator>
#include <utility>

#include "core/accounts/user_name.h"
#include "core/base/check.h"

namespace chirm {

namespace {
constexpr std::string_view kCollection = "seen";
constexpr std::uint64_t kLookMs = 1000;
// Notes that are written each time: when a node of thousands dies, the store has other work, too.
constexpr std::size_t kWritesMax = 200;
// Another node may write the same user's document at the same time.
constexpr int kTries = 3;

std::optional<std::int64_t> number(std::string_view text) {
  std::int64_t value = 0;
  const auto end = std::from_chars(text.data(), text.data() + text.size(), value);
  if (end.ec != std::errc{}) return std::nullopt;
  return value;
}
}  // namespace

OnlineUsers::OnlineUsers(Loop& loop, Broker& broker, PresenceSets& sets, const PresenceTimes& times)
    : loop_(loop), broker_(broker), sets_(sets), times_(times), timer_(loop, [this] {
        look_at_gone();
      }) {}

void OnlineUsers::start() {
  CHIRM_CHECK(!is_started_ && own_.empty());
  is_started_ = true;
  sets_.hold(kSet);  // for ever
}

OnlineUsers::Own& OnlineUsers::own(std::string_view user) {
  const auto found = own_.find(user);
  CHIRM_CHECK(found != own_.end(), user);
  return found->second;
}

void OnlineUsers::came(std::string_view user) {
  if (!is_started_ || user.empty()) return;
  Own& its = own_[std::string(user)];
  const bool is_new = its.connections == 0;
  const bool was_away = its.away == its.connections;
  ++its.connections;
  if (is_new) {
    sets_.add(kSet, user, its.value());
  } else if (was_away) {
    sets_.replace(kSet, user, its.value());
  }
}

void OnlineUsers::went(std::string_view user, bool was_away) {
  if (!is_started_ || user.empty()) return;
  Own& its = own(user);
  CHIRM_CHECK(was_away ? its.away > 0 : its.away < its.connections, user, its.away, was_away);
  const std::string before(its.value());
  --its.connections;
  if (was_away) --its.away;
  if (its.connections == 0) {
    own_.erase(own_.find(user));
    sets_.remove(kSet, user, before);
    on_went(user);  // the sets do not tell of who was there for a moment only
  } else if (its.value() != before) {
    sets_.replace(kSet, user, its.value());
  }
}

void OnlineUsers::changed(std::string_view user, bool is_away) {
  if (!is_started_ || user.empty()) return;
  Own& its = own(user);
  CHIRM_CHECK(is_away ? its.away < its.connections : its.away > 0, user, its.away, is_away);
  const std::string_view before = its.value();
  its.away += is_away ? 1 : -1;
  if (its.value() != before) sets_.replace(kSet, user, its.value());
}

UserStatus OnlineUsers::status(std::string_view user) const {
  UserStatus best = UserStatus::kOffline;
  const auto note = [&](std::string_view value) {
    best = std::max(best, value == "1" ? UserStatus::kOnline : UserStatus::kAway);
  };
  if (const auto own = own_.find(user); own != own_.end()) note(own->second.value());
  sets_.each_other_value(kSet, user, note);
  return best;
}

void OnlineUsers::each(const PresenceItem& item) const {
  for (const auto& [user, own] : own_) item(user, own.value());
}

// ---- Last seen

void OnlineUsers::last_seen(std::string_view user, std::function<void(LastSeen)> done) {
  broker_.documents().get(kCollection, user, [done = std::move(done)](const auto& document) {
    if (!document) return done(Unexpected<ErrorCode>(document.error()));
    done(number(document->value));
  });
}

// The user may still be connected to another node, or come back in a moment: whether it has really
// gone is looked at after seen_ms, and the note says when it went.
void OnlineUsers::on_went(std::string_view user) {
  if (is_guest(user)) return;  // their names mean nobody afterwards
  gone_[std::string(user)] = {loop_.now_ms(), loop_.unix_ms()};
  if (!timer_.is_running()) timer_.start(std::min(kLookMs, times_.seen_ms));
}

// The node with the lowest id writes. The others remember for as long again, because that one may
// have died with the user's connection, and then somebody else is the lowest.
bool OnlineUsers::is_writer() const {
  const std::vector<std::string> nodes = broker_.nodes().nodes();
  return *std::min_element(nodes.begin(), nodes.end()) == broker_.nodes().node_id();
}

void OnlineUsers::look_at_gone() {
  const std::uint64_t now = loop_.now_ms();
  const bool writes = is_writer();
  std::size_t written = 0;
  for (auto item = gone_.begin(); item != gone_.end();) {
    const auto& [user, gone] = *item;
    const std::uint64_t age_ms = now - gone.at_ms;
    const bool is_due = age_ms >= times_.seen_ms && (!writes || written < kWritesMax);
    const bool is_back = is_due && status(user) != UserStatus::kOffline;
    if (is_due && !is_back && writes) {
      write(user, gone.unix_ms, kTries);
      ++written;
    }
    const bool is_over = is_back || (is_due && (writes || age_ms >= 2 * times_.seen_ms));
    item = is_over ? gone_.erase(item) : std::next(item);
  }
  if (!gone_.empty()) timer_.start(std::min(kLookMs, times_.seen_ms));
}

// Only ever forward: a slower node, or this one after a lost answer, may write an older time.
void OnlineUsers::write(const std::string& user, std::int64_t seen_ms, int tries) {
  if (tries == 0) return;
  const auto written = guard_([this, user, seen_ms, tries](const auto& result) {
    if (result && !result->is_stored) write(user, seen_ms, tries - 1);
  });
  broker_.documents().get(kCollection, user,
                          guard_([this, user, seen_ms, written](const auto& document) {
                            if (!document || number(document->value).value_or(0) >= seen_ms) return;
                            broker_.documents().put(kCollection, user, document->version,
                                                    std::to_string(seen_ms), written);
                          }));
}

void OnlineUsers::check() const {
  CHIRM_CHECK(timer_.is_running() == !gone_.empty(), timer_.is_running(), gone_.size());
  checked_.visit(own_, [](const auto& item) {
    const auto& [user, own] = item;
    CHIRM_CHECK(!user.empty() && own.connections > 0, user, own.connections);
    CHIRM_CHECK(own.away <= own.connections, user, own.away, own.connections);
  });
}

}  // namespace chirm

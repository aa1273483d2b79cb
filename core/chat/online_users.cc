// SPDX-License-Identifier: MIT
#include "core/chat/online_users.h"

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
constexpr std::size_t kWritesMax = 200;  // each time
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

void OnlineUsers::start() { sets_.hold(kSet); }

void OnlineUsers::came(std::string_view user) {
  if (user.empty()) return;
  Own& own = own_[std::string(user)];
  const bool is_new = own.connections == 0;
  const bool was_away = own.away == own.connections;
  ++own.connections;
  if (is_new) {
    sets_.add(kSet, user, own.value());
  } else if (was_away) {
    sets_.replace(kSet, user, own.value());
  }
}

void OnlineUsers::went(std::string_view user, bool was_away) {
  const auto found = own_.find(user);
  if (found == own_.end()) return;
  Own& own = found->second;
  const std::string before(own.value());
  --own.connections;
  if (was_away) --own.away;
  if (own.connections == 0) {
    own_.erase(found);
    sets_.remove(kSet, user, before);
    on_went(user);  // the sets do not tell of who was there for a moment only
  } else if (own.value() != before) {
    sets_.replace(kSet, user, own.value());
  }
}

void OnlineUsers::changed(std::string_view user, bool is_away) {
  const auto found = own_.find(user);
  if (found == own_.end()) return;
  Own& own = found->second;
  const std::string_view before = own.value();
  own.away += is_away ? 1 : -1;
  if (own.value() != before) sets_.replace(kSet, user, own.value());
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

// The user may be on another node still, or come back in a moment: that is looked at later.
void OnlineUsers::on_went(std::string_view user) {
  if (is_guest(user)) return;  // their names mean nobody afterwards
  gone_[std::string(user)] = {loop_.now_ms(), Loop::unix_ms()};
  if (!timer_.is_running()) timer_.start(std::min(kLookMs, times_.seen_ms));
}

// One node writes. The others remember for as long again: that one may have died.
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

}  // namespace chirm

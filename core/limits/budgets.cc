// SPDX-License-Identifier: MIT
#include "core/limits/budgets.h"

#include <sys/resource.h>

#include <algorithm>
#include <utility>

#include "core/base/check.h"

namespace chirm {

namespace {

constexpr std::uint64_t kHourMs = 3'600'000;
// A burst of so many seconds' worth.
constexpr std::uint64_t kBurstS = 4;
// What a message may weigh on the average. Texts are a hundred bytes; what is longer often is a
// bulk of data.
constexpr std::uint64_t kMessageBytes = 8 * 1024;
// Reads are cheaper than messages, and come in bursts: a client that comes back subscribes to all
// of its rooms, 128 at most, in each of its windows.
constexpr std::uint64_t kReadsPerMessage = 2;
constexpr std::uint64_t kReadBurstS = 20;
// Events would else push the messages out of a room's history.
constexpr std::uint64_t kMessagesPerEvent = 4;
constexpr std::uint64_t kHourlyMessagesPerEvent = 10;
// Strangers that one may turn to in an hour.
constexpr std::uint64_t kHourlyMessagesPerContact = 25;

// Shares of replies_bytes_max.
constexpr std::size_t kUserShare = 8;
constexpr std::size_t kGuestsShare = 8;  // all guests of an address: anybody can be a hundred
constexpr std::size_t kNetworkShare = 4;

Rate per_second(std::uint64_t amount, std::uint64_t burst_s) {
  return {amount, 1000, std::max<std::uint64_t>(1, amount * burst_s)};
}

// As much may come at once as the hour has: people write a day's worth in a minute.
Rate per_hour(std::uint64_t amount) {
  return {amount, kHourMs, std::max<std::uint64_t>(1, amount)};
}

// 0 stays 0, which is no limit; anything else is 1 at least.
std::uint64_t share(std::uint64_t amount, std::uint64_t divisor) {
  return amount == 0 ? 0 : std::max<std::uint64_t>(1, amount / divisor);
}

std::uint32_t sockets_max(const LimitSettings& settings) {
  rlimit files{};
  const bool is_known = getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur != RLIM_INFINITY;
  const auto half = static_cast<std::uint32_t>(
      std::min<rlim_t>(is_known ? files.rlim_cur / 2 : UINT32_MAX, UINT32_MAX));
  return settings.connections_per_address == 0 ? half
                                               : std::min(half, settings.connections_per_address);
}

bool is_guest(const Spender& spender) {
  return spender.role == UserRole::kGuest || spender.user.empty();
}

template <class Map, class Key>
std::size_t held(const Map& map, const Key& key) {
  const auto found = map.find(key);
  return found == map.end() ? 0 : found->second;
}

template <class Map, class Key>
void give_back(Map& map, const Key& key, std::size_t amount) {
  const auto found = map.find(key);
  CHIRM_CHECK(found != map.end() && found->second >= amount, amount);
  found->second -= static_cast<typename Map::mapped_type>(amount);
  if (found->second == 0) map.erase(found);
}

}  // namespace

std::string OverBudget::text() const {
  const std::uint64_t seconds = (wait_ms + 999) / 1000;
  return "too much at once (" + std::string(limit) + "): try again in " + std::to_string(seconds) +
         (seconds == 1 ? " second" : " seconds");
}

std::size_t Budgets::NetworkHash::operator()(const AddressBytes& network) const {
  return std::hash<std::string_view>{}(
      {reinterpret_cast<const char*>(network.data()), network.size()});
}

Budgets::Budgets(const LimitSettings& settings)
    : settings_(settings),
      rates_{rates_of(settings.user), rates_of(settings.guest), rates_of(settings.guests),
             rates_of(settings.address)},
      sockets_max_(sockets_max(settings)) {}

Budgets::Rates Budgets::rates_of(const Allowance& allowance) {
  const std::uint64_t second = allowance.per_second;
  const std::uint64_t hour = allowance.per_hour;
  return {.messages = per_second(second, kBurstS),
          .messages_hour = per_hour(hour),
          .bytes = per_second(second * kMessageBytes, kBurstS),
          .bytes_hour = per_hour(hour * kMessageBytes),
          .events = per_second(share(second, kMessagesPerEvent), kBurstS),
          .events_hour = per_hour(share(hour, kHourlyMessagesPerEvent)),
          .reads = per_second(second * kReadsPerMessage, kReadBurstS),
          .contacts_hour = per_hour(share(hour, kHourlyMessagesPerContact))};
}

template <class Map>
template <class Key>
Budgets::Purse& Budgets::Purses<Map>::of(const Key& key) {
  if (const auto found = newer.find(key); found != newer.end()) return found->second;
  if (newer.size() >= kPursesMax) older = std::exchange(newer, {});
  Purse purse;
  if (const auto found = older.find(key); found != older.end()) {
    purse = found->second;
    older.erase(found);
  }
  return newer.emplace(key, purse).first->second;
}

std::optional<OverBudget> Budgets::refusal(const Purse& purse, const Rates& rates, Party party,
                                           Spending spending, std::uint64_t now_ms) {
  struct Look {
    const Bucket& bucket;
    const Rate& rate;
    std::array<const char*, 4> names;  // by Party
  };
  const auto first_refusal = [&](std::initializer_list<Look> looks) -> std::optional<OverBudget> {
    for (const Look& look : looks) {
      const std::uint64_t wait_ms = look.bucket.wait_ms(now_ms, look.rate);
      if (wait_ms != 0) return OverBudget{look.names[static_cast<std::size_t>(party)], wait_ms};
    }
    return std::nullopt;
  };
  const Look all_bytes{
      purse.bytes, rates.bytes, {"user_bytes", "guest_bytes", "guests_bytes", "address_bytes"}};
  const Look all_bytes_hour{
      purse.bytes_hour,
      rates.bytes_hour,
      {"user_bytes_hour", "guest_bytes_hour", "guests_bytes_hour", "address_bytes_hour"}};
  const Look messages{purse.messages,
                      rates.messages,
                      {"user_messages", "guest_messages", "guests_messages", "address_messages"}};
  const Look messages_hour{purse.messages_hour,
                           rates.messages_hour,
                           {"user_messages_hour", "guest_messages_hour", "guests_messages_hour",
                            "address_messages_hour"}};
  switch (spending) {
    case Spending::kMessage:
      return first_refusal({messages, messages_hour, all_bytes, all_bytes_hour});
    case Spending::kEvent:
      return first_refusal(
          {{purse.events,
            rates.events,
            {"user_events", "guest_events", "guests_events", "address_events"}},
           {purse.events_hour,
            rates.events_hour,
            {"user_events_hour", "guest_events_hour", "guests_events_hour", "address_events_hour"}},
           messages_hour,
           all_bytes,
           all_bytes_hour});
    case Spending::kRead:
      return first_refusal({{purse.reads,
                             rates.reads,
                             {"user_reads", "guest_reads", "guests_reads", "address_reads"}},
                            all_bytes,
                            all_bytes_hour});
    case Spending::kContact:
      return first_refusal({{purse.contacts_hour,
                             rates.contacts_hour,
                             {"user_contacts_hour", "guest_contacts_hour", "guests_contacts_hour",
                              "address_contacts_hour"}}});
  }
  return std::nullopt;
}

void Budgets::spend(Purse& purse, const Rates& rates, Spending spending, std::uint64_t now_ms,
                    std::uint32_t weight, std::size_t bytes) {
  switch (spending) {
    case Spending::kMessage:
      purse.messages.take(now_ms, rates.messages, weight);
      purse.messages_hour.take(now_ms, rates.messages_hour, weight);
      break;
    case Spending::kEvent:
      purse.events.take(now_ms, rates.events, weight);
      purse.events_hour.take(now_ms, rates.events_hour, weight);
      purse.messages_hour.take(now_ms, rates.messages_hour, weight);
      break;
    case Spending::kRead:
      purse.reads.take(now_ms, rates.reads, weight);
      break;
    case Spending::kContact:
      purse.contacts_hour.take(now_ms, rates.contacts_hour, weight);
      return;
  }
  purse.bytes.take(now_ms, rates.bytes, bytes);
  purse.bytes_hour.take(now_ms, rates.bytes_hour, bytes);
}

std::optional<OverBudget> Budgets::take(const Spender& spender, Spending spending,
                                        std::uint64_t now_ms, std::uint32_t weight,
                                        std::size_t bytes) {
  if (!settings_.is_on) return std::nullopt;
  struct Payer {
    Party party;
    Purse* purse;
  };
  std::array<Payer, 3> payers{};
  std::size_t count = 0;
  if (!spender.user.empty()) {
    payers[count++] = {is_guest(spender) ? Party::kGuest : Party::kUser, &users_.of(spender.user)};
  }
  if (spender.network && spender.role != UserRole::kAdmin) {
    if (is_guest(spender)) payers[count++] = {Party::kGuests, &guests_.of(*spender.network)};
    payers[count++] = {Party::kAddress, &networks_.of(*spender.network)};
  }
  const auto rates = [this](Party party) -> const Rates& {
    return rates_[static_cast<std::size_t>(party)];
  };
  for (std::size_t i = 0; i < count; ++i) {
    const auto over =
        refusal(*payers[i].purse, rates(payers[i].party), payers[i].party, spending, now_ms);
    if (!over) continue;
    count_refusal(over->limit);
    return over;
  }
  for (std::size_t i = 0; i < count; ++i) {
    spend(*payers[i].purse, rates(payers[i].party), spending, now_ms, weight, bytes);
  }
  return std::nullopt;
}

// ---- Sockets

bool Budgets::open_socket(const AddressBytes& network) {
  std::uint32_t& open = sockets_[network];
  if (settings_.is_on && open >= sockets_max_) {
    count_refusal("address_connections");
    return false;
  }
  ++open;
  counters_.addresses = sockets_.size();
  return true;
}

bool Budgets::has_room_for_socket(const AddressBytes& network) const {
  return !settings_.is_on || held(sockets_, network) < sockets_max_;
}

void Budgets::close_socket(const AddressBytes& network) {
  give_back(sockets_, network, 1);
  counters_.addresses = sockets_.size();
}

// ---- Replies

const char* Budgets::full_part(const Spender& spender, std::size_t bytes,
                               std::size_t all_bytes) const {
  if (!spender.user.empty() && held(user_replies_, spender.user) + bytes > all_bytes / kUserShare) {
    return "user_replies";
  }
  if (!spender.network) return nullptr;
  if (is_guest(spender) &&
      held(guests_replies_, *spender.network) + bytes > all_bytes / kGuestsShare) {
    return "guests_replies";
  }
  const bool is_over = held(network_replies_, *spender.network) + bytes > all_bytes / kNetworkShare;
  return is_over ? "address_replies" : nullptr;
}

bool Budgets::has_room_for_reply(const Spender& spender, std::size_t bytes) {
  if (!settings_.is_on) return true;
  const char* full = full_part(spender, bytes, settings_.replies_bytes_max);
  if (counters_.replies_bytes + bytes > settings_.replies_bytes_max) full = "replies";
  if (full != nullptr) count_refusal(full);
  return full == nullptr;
}

bool Budgets::hold_reply(const Spender& spender, std::size_t bytes) {
  if (!has_room_for_reply(spender, bytes)) return false;
  add_reply(spender, bytes);
  return true;
}

void Budgets::add_reply(const Spender& spender, std::size_t bytes) {
  if (bytes == 0) return;
  counters_.replies_bytes += bytes;
  add_held(spender, bytes);
}

void Budgets::add_held(const Spender& spender, std::size_t bytes) {
  if (spender.network) {
    network_replies_[*spender.network] += bytes;
    if (is_guest(spender)) guests_replies_[*spender.network] += bytes;
  }
  if (spender.user.empty()) return;
  const auto found = user_replies_.find(spender.user);
  if (found != user_replies_.end()) {
    found->second += bytes;
  } else {
    user_replies_.emplace(spender.user, bytes);
  }
}

void Budgets::drop_reply(const Spender& spender, std::size_t bytes) {
  if (bytes == 0) return;
  CHIRM_CHECK(counters_.replies_bytes >= bytes, counters_.replies_bytes, bytes);
  counters_.replies_bytes -= bytes;
  drop_held(spender, bytes);
}

void Budgets::drop_held(const Spender& spender, std::size_t bytes) {
  if (spender.network) {
    give_back(network_replies_, *spender.network, bytes);
    if (is_guest(spender)) give_back(guests_replies_, *spender.network, bytes);
  }
  if (!spender.user.empty()) give_back(user_replies_, spender.user, bytes);
}

bool Budgets::hold_input(const Spender& spender, std::size_t bytes) {
  if (!settings_.is_on) return true;
  add_held(spender, bytes);
  // Less than twice as much, so that one user does not use up what an address has.
  if (full_part(spender, 0, settings_.replies_bytes_max * 3 / 2) == nullptr) return true;
  count_refusal("input");
  return false;
}

void Budgets::drop_input(const Spender& spender, std::size_t bytes) {
  if (settings_.is_on && bytes > 0) drop_held(spender, bytes);
}

bool Budgets::is_out_of_replies(const Spender& spender) const {
  if (!settings_.is_on) return false;
  return counters_.replies_bytes >= settings_.replies_bytes_max ||
         full_part(spender, 1, settings_.replies_bytes_max) != nullptr;
}

void Budgets::check() const {
  CHIRM_CHECK(counters_.addresses == sockets_.size(), counters_.addresses, sockets_.size());
  CHIRM_CHECK(users_.newer.size() <= kPursesMax && users_.older.size() <= kPursesMax);
  CHIRM_CHECK(networks_.newer.size() <= kPursesMax && guests_.newer.size() <= kPursesMax);
}

}  // namespace chirm

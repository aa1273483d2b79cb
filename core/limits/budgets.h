// SPDX-License-Identifier: MIT
#pragma once
// What anybody may cost this node: the one place where it is kept what users, addresses and guests
// have spent, as docs/operations.md lists it. On the loop's thread.
//
//   a user's publish ─▶ user's allowance ─▶ its address'                 the first that is used up
//   a guest's        ─▶ guest's ─▶ all guests' of its address ─▶ its address'   refuses, and then
//                                                                         nothing has been taken
//
// Administrators have their own allowance and none of an address.

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "core/accounts/user_role.h"
#include "core/base/address_range.h"
#include "core/base/string_hash.h"
#include "core/limits/limit_counters.h"
#include "core/limits/limit_settings.h"
#include "core/limits/rate.h"

namespace chirm {

// Who spends. Views are valid within the call.
struct Spender {
  std::string_view user;  // "": nobody, who counts as a guest
  UserRole role = UserRole::kUser;
  // As network_of() gives it; none: not known, a Unix socket's for one, and no limit.
  std::optional<AddressBytes> network = std::nullopt;
};

enum class Spending : std::uint8_t {
  kMessage,  // a publication that people read
  kEvent,    // any other publication that is stored
  kRead,     // a subscribe, history, presence, a method
  kContact,  // an invitation, the first private message to somebody
};

// Why something is refused.
struct OverBudget {
  const char* limit;         // its name in the metrics: "user_messages_hour"
  std::uint64_t wait_ms;     // until it may be tried again
  std::string text() const;  // for people
};

class Budgets {
 public:
  // A node remembers what this many to twice as many users (and addresses) have spent.
  static constexpr std::size_t kPursesMax = 100'000;

  explicit Budgets(const LimitSettings& settings);

  // Takes `weight` of the spending and as many bytes. A refusal takes nothing.
  [[nodiscard]] std::optional<OverBudget> take(const Spender& spender, Spending spending,
                                               std::uint64_t now_ms, std::uint32_t weight,
                                               std::size_t bytes);

  // ---- Sockets, by network. False: the network has as many as it may have.
  [[nodiscard]] bool open_socket(const AddressBytes& network);
  bool has_room_for_socket(const AddressBytes& network) const;
  void close_socket(const AddressBytes& network);  // one that was opened

  // ---- Replies that are not read. What is held is to be given back by the same spender, in the
  // same role.
  // False, which is counted: the user, the address or the process has no room for so many bytes.
  [[nodiscard]] bool has_room_for_reply(const Spender& spender, std::size_t bytes);
  // Holds them if there is room.
  [[nodiscard]] bool hold_reply(const Spender& spender, std::size_t bytes);
  // Holds them whatever is held.
  void add_reply(const Spender& spender, std::size_t bytes);
  void drop_reply(const Spender& spender, std::size_t bytes);
  // What a client has sent that waits to be handled counts for its user and address as well. False:
  // they hold half as much again as they may, and the client is to go; it is held nevertheless.
  [[nodiscard]] bool hold_input(const Spender& spender, std::size_t bytes);
  void drop_input(const Spender& spender, std::size_t bytes);
  // Whether nothing more should be made for the spender before something has been read.
  bool is_out_of_replies(const Spender& spender) const;

  const LimitCounters& counters() const { return counters_; }
  void count_refusal(const char* limit) { ++counters_.refused[limit]; }
  // Ends the process where an invariant does not hold.
  void check() const;

 private:
  // Of one Allowance, what follows from it.
  struct Rates {
    Rate messages, messages_hour, bytes, bytes_hour, events, events_hour, reads, contacts_hour;
  };
  // What somebody has spent.
  struct Purse {
    Bucket messages, messages_hour, bytes, bytes_hour, events, events_hour, reads, contacts_hour;
  };
  enum class Party : std::uint8_t { kUser, kGuest, kGuests, kAddress };
  struct NetworkHash {
    std::size_t operator()(const AddressBytes& network) const;
  };
  // Forgets by generations: a full map becomes the older one, and what was in that is gone.
  template <class Map>
  struct Purses {
    Map newer;
    Map older;
    template <class Key>
    Purse& of(const Key& key);
  };
  using UserPurses = std::unordered_map<std::string, Purse, StringHash, std::equal_to<>>;
  using NetworkPurses = std::unordered_map<AddressBytes, Purse, NetworkHash>;

  // Why the spender must not hold so many bytes more, where all together may hold `all_bytes`;
  // null: it may.
  const char* full_part(const Spender& spender, std::size_t bytes, std::size_t all_bytes) const;
  void add_held(const Spender& spender, std::size_t bytes);
  void drop_held(const Spender& spender, std::size_t bytes);
  static Rates rates_of(const Allowance& allowance);
  static std::optional<OverBudget> refusal(const Purse& purse, const Rates& rates, Party party,
                                           Spending spending, std::uint64_t now_ms);
  static void spend(Purse& purse, const Rates& rates, Spending spending, std::uint64_t now_ms,
                    std::uint32_t weight, std::size_t bytes);

  const LimitSettings settings_;
  const std::array<Rates, 4> rates_;  // by Party
  const std::uint32_t sockets_max_;
  LimitCounters counters_;
  Purses<UserPurses> users_;
  Purses<NetworkPurses> guests_;
  Purses<NetworkPurses> networks_;
  std::unordered_map<AddressBytes, std::uint32_t, NetworkHash> sockets_;  // none of 0
  // Unread bytes, and those that wait to be handled; none of 0.
  std::unordered_map<std::string, std::size_t, StringHash, std::equal_to<>> user_replies_;
  std::unordered_map<AddressBytes, std::size_t, NetworkHash> guests_replies_;
  std::unordered_map<AddressBytes, std::size_t, NetworkHash> network_replies_;
};

}  // namespace chirm

// SPDX-License-Identifier: MIT
#pragma once
// Commands that were sent and not answered, oldest first; publications are not among them, they are
// in the outbox. Pure: no loop, no socket. Private to client/.

#include <cstdint>
#include <list>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "client/replies.h"

namespace chirm::client {

struct PendingCommand {
  // Of these, the client itself does something with the reply.
  struct Connect {};
  struct Subscribe {};
  struct Unsubscribe {};
  struct Refresh {};
  // The others have a function that is told.
  using Kind = std::variant<Connect, Subscribe, Unsubscribe, Refresh, OnPresence, OnPresenceStats,
                            OnHistory, OnRpc>;

  template <class K>
  bool is() const {
    return std::holds_alternative<K>(kind);
  }
  // Tells the function, if there is one.
  void fail(const CommandError& error);

  std::uint32_t id;
  std::uint64_t deadline_ms;
  std::string channel;  // "" when it is about none
  Kind kind;
};

class PendingCommands {
 public:
  // Deadlines do not go back, for all commands have the same time.
  void add(PendingCommand command);
  // Removes and returns the command of that id; nullopt if there is none.
  std::optional<PendingCommand> take(std::uint32_t id);
  // Removes and returns the oldest, if its deadline has passed.
  std::optional<PendingCommand> take_expired(std::uint64_t now_ms);
  // Removes and returns all of them.
  std::list<PendingCommand> take_all();

  // The earliest deadline; nullopt when nothing is pending.
  std::optional<std::uint64_t> deadline_ms() const;

 private:
  std::list<PendingCommand> commands_;
};

}  // namespace chirm::client

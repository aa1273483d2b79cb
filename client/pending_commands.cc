// SPDX-License-Identifier: MIT
#include "client/pending_commands.h"

#include <algorithm>
#include <utility>

#include "core/base/check.h"

namespace chirm::client {

// The commands of the client itself have nobody to tell: what follows from their failure depends on
// why they failed, and is decided where that is known.
void PendingCommand::fail(const CommandError& error) {
  const Unexpected<CommandError> failed(error);
  if (auto* presence = std::get_if<OnPresence>(&kind)) (*presence)(failed);
  if (auto* stats = std::get_if<OnPresenceStats>(&kind)) (*stats)(failed);
  if (auto* history = std::get_if<OnHistory>(&kind)) (*history)(failed);
  if (auto* rpc = std::get_if<OnRpc>(&kind)) (*rpc)(failed);
}

void PendingCommands::add(PendingCommand command) {
  if (!commands_.empty()) {
    const PendingCommand& last = commands_.back();
    CHIRM_CHECK(last.deadline_ms <= command.deadline_ms, last.deadline_ms, command.deadline_ms);
  }
  commands_.push_back(std::move(command));
}

std::optional<PendingCommand> PendingCommands::take(std::uint32_t id) {
  // Servers answer nearly in order, so it is among the first.
  const auto found = std::find_if(commands_.begin(), commands_.end(),
                                  [&](const PendingCommand& command) { return command.id == id; });
  if (found == commands_.end()) return std::nullopt;
  std::optional<PendingCommand> taken(std::move(*found));
  commands_.erase(found);
  return taken;
}

std::optional<PendingCommand> PendingCommands::take_expired(std::uint64_t now_ms) {
  if (commands_.empty() || now_ms < commands_.front().deadline_ms) return std::nullopt;
  return take(commands_.front().id);
}

std::list<PendingCommand> PendingCommands::take_all() { return std::exchange(commands_, {}); }

std::optional<std::uint64_t> PendingCommands::deadline_ms() const {
  if (commands_.empty()) return std::nullopt;
  return commands_.front().deadline_ms;
}

}  // namespace chirm::client

// SPDX-License-Identifier: MIT
#pragma once
// The connected sessions of this node, by user.

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/base/string_hash.h"
#include "core/chat/session.h"

namespace chirm {

class SessionDirectory final : public SessionRegistry {
 public:
  // Valid until the next session comes or goes.
  std::span<Session* const> of_user(std::string_view user) const;
  const auto& all() const { return users_; }  // vectors of sessions by user, none empty

  void add(Session& session) override;
  void remove(Session& session) override;

 private:
  std::unordered_map<std::string, std::vector<Session*>, StringHash, std::equal_to<>> users_;
};

}  // namespace chirm

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

namespace chirm {

class Session;

class SessionDirectory {
 public:
  // Valid until the next session comes or goes.
  std::span<Session* const> of_user(std::string_view user) const;
  const auto& all() const { return users_; }  // vectors of sessions by user, none empty

 private:
  friend class Session;
  void add(Session& session);
  void remove(Session& session);  // one that was added

  std::unordered_map<std::string, std::vector<Session*>, StringHash, std::equal_to<>> users_;
};

}  // namespace chirm

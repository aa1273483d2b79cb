// SPDX-License-Identifier: MIT
#pragma once
// The servers of a test must not die by themselves: run_until() asks here, so that a test whose
// server is gone ends at once and says so, and does not wait in vain for its deadline.

#include <functional>
#include <map>
#include <string>

namespace chirm::testing {

class DeathWatch {
 public:
  // Says what has happened, when its server has ended without being asked to; else "".
  using Look = std::function<std::string()>;

  // `look` is called until this object is gone.
  explicit DeathWatch(Look look) { all()[this] = std::move(look); }
  ~DeathWatch() { all().erase(this); }
  DeathWatch(const DeathWatch&) = delete;
  DeathWatch& operator=(const DeathWatch&) = delete;

  // The first death that is found, or "".
  static std::string find() {
    for (const auto& [watch, look] : all()) {
      if (std::string death = look(); !death.empty()) return death;
    }
    return {};
  }

 private:
  static std::map<const DeathWatch*, Look>& all() {
    static std::map<const DeathWatch*, Look> watches;
    return watches;
  }
};

}  // namespace chirm::testing

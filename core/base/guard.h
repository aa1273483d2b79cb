// SPDX-License-Identifier: MIT
#pragma once
// Callbacks that may come when their object has gone: they do nothing then.

#include <memory>
#include <utility>

namespace chirm {

// A member of the object. Not copied, not moved.
class Guard {
 public:
  Guard() = default;
  Guard(const Guard&) = delete;
  Guard& operator=(const Guard&) = delete;

  // Calls `call` with the same arguments as long as the guard lives.
  template <class Call>
  auto operator()(Call call) const {
    return [alive = std::weak_ptr<int>(alive_), call = std::move(call)](auto&&... arguments) {
      if (!alive.expired()) call(std::forward<decltype(arguments)>(arguments)...);
    };
  }

 private:
  std::shared_ptr<int> alive_ = std::make_shared<int>();
};

}  // namespace chirm

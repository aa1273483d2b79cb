// SPDX-License-Identifier: MIT
#pragma once
// argon2id on a thread of its own, so that neither the loop nor the store waits for it. All calls
// are on the loop's thread.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "core/loop/background_thread.h"

namespace chirm {

// OWASP's second choice for argon2id (19 MiB, two passes, one lane): some 25 ms on a core of 2023.
struct PasswordCost {
  std::uint64_t passes = 2;
  std::size_t bytes = 19 * 1024 * 1024;
};

class PasswordHasher {
 public:
  // The loop must outlive the hasher. At most `queue_max` (> 0) passwords wait.
  PasswordHasher(Loop& loop, PasswordCost cost, std::size_t queue_max);

  // Both return false when the queue is full: then `done` is not called. Else it is called later,
  // on the loop's thread. A hash is text that says how it was made; "" if there was no memory for
  // it.

  [[nodiscard]] bool hash(std::string password, std::function<void(std::string hash)> done);

  struct Verdict {
    bool is_right = false;
    bool is_unknown = false;  // there was no memory to find it out; is_right is false then
    std::string better_hash;  // if it is right and `hash` was made at another cost; else ""
  };
  // The hash "" is for an account that does not exist: no password is right then, and the answer
  // takes as long as any other.
  [[nodiscard]] bool verify(std::string password, std::string hash,
                            std::function<void(Verdict)> done);

  // How many calls have not been answered yet.
  std::size_t queued() const { return thread_.queued(); }

 private:
  const PasswordCost cost_;
  // The hash of a password that nobody knows. Only the thread touches what it points to.
  std::shared_ptr<std::string> decoy_ = std::make_shared<std::string>();
  BackgroundThread thread_;
};

}  // namespace chirm

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
  // The loop must outlive the hasher.
  PasswordHasher(Loop& loop, PasswordCost cost, std::size_t queue_max);

  // All return false when the queue is full: `done` is not called then, else later. A hash is text;
  // "" when there was no memory for it.

  [[nodiscard]] bool hash(std::string password, std::function<void(std::string hash)> done);

  struct Verdict {
    bool is_right = false;
    bool is_unknown = false;  // there was no memory to find it out
    std::string better_hash;  // when the cost has changed since `hash` was made; else ""
  };
  // An empty hash stands for an account that does not exist: it is never right, and takes as long.
  [[nodiscard]] bool verify(std::string password, std::string hash,
                            std::function<void(Verdict)> done);

  // Of calls that have not been answered.
  std::size_t queued() const { return thread_.queued(); }

 private:
  const PasswordCost cost_;
  // Of a password that nobody knows. Of the thread.
  std::shared_ptr<std::string> decoy_ = std::make_shared<std::string>();
  BackgroundThread thread_;
};

}  // namespace chirm

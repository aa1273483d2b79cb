// SPDX-License-Identifier: MIT
#pragma once
// Calls back on the loop when the process gets a signal.

#include <functional>
#include <memory>

namespace chirm {

class Loop;

class SignalWatcher {
 public:
  // Does not keep the loop running by itself.
  SignalWatcher(Loop& loop, int signal, std::function<void()> on_signal);
  ~SignalWatcher();
  SignalWatcher(const SignalWatcher&) = delete;
  SignalWatcher& operator=(const SignalWatcher&) = delete;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace chirm

// SPDX-License-Identifier: MIT
#pragma once
// Removes guests whose sessions are over, and all that they have left behind. One node at a time
// does so, once an hour.
//
// The document sweep/guests says since when, and from which day of opening on there is something
// left: so nothing is missed after a long rest.

#include <cstdint>
#include <functional>
#include <string>

#include "core/base/task.h"
#include "core/broker/document_store.h"
#include "core/loop/timer.h"

namespace chirm {

class GuestSweep {
 public:
  // Removes what others keep of a guest; `done` is told true when there is nothing left.
  using Forget = std::function<void(const std::string& guest, std::function<void(bool)> done)>;
  // Both must outlive the sweep. Without `forget` nothing but sessions is removed.
  GuestSweep(Loop& loop, DocumentStore& documents, Forget forget);

  // Sweeps now if nobody has within the last hour.
  void run();

 private:
  template <class T>
  using Answer = Future<Expected<T, ErrorCode>>;
  struct State;  // the document

  Task<bool> sweep();
  Task<bool> sweep_from(State state);
  // False: not all could be looked at.
  Task<bool> sweep_day(std::int64_t day);
  Task<bool> sweep_session(std::string collection, NamedDocument session);
  Task<bool> store(State& state);

  DocumentStore& documents_;
  const Forget forget_;  // may be null
  bool is_running_ = false;
  Timer timer_;
  TaskScope scope_;
};

}  // namespace chirm

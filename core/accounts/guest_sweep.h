// SPDX-License-Identifier: MIT
#pragma once
// Removes guests whose sessions are over, and all that they have left behind. Of all nodes one does
// so, once an hour. On the loop's thread.
//
// Guests' sessions are found by the day on which they were opened (SessionBook::guests_of()). The
// document sweep/guests says when the last sweep began and from which day on there may be something
// left. So nothing is missed when no node has run for a long time.

#include <cstdint>
#include <functional>
#include <string>

#include "core/base/task.h"
#include "core/broker/document_store.h"
#include "core/loop/timer.h"

namespace chirm {

class GuestSweep {
 public:
  // Removes what others keep of a guest; `done` is told true when nothing is left of it. May be
  // called again for the same guest.
  using Forget = std::function<void(const std::string& guest, std::function<void(bool)> done)>;
  // Both must outlive the sweep. Without `forget` nothing but sessions is removed.
  GuestSweep(Loop& loop, DocumentStore& documents, Forget forget);

  // Sweeps now, if no node has within the last hour. Does nothing while one is under way.
  void run();

 private:
  template <class T>
  using Answer = Future<Expected<T, ErrorCode>>;
  struct State;  // the document

  std::int64_t today() const;  // in days since 1970
  // All are false if not everything could be looked at or removed; then the next sweep does it.
  Task<bool> sweep();
  Task<bool> sweep_from(State state);
  Task<bool> sweep_day(std::int64_t day);
  Task<bool> sweep_session(std::string collection, NamedDocument session);
  Task<bool> store(State& state);

  const Loop& loop_;
  DocumentStore& documents_;
  const Forget forget_;  // may be null
  bool is_running_ = false;
  Timer timer_;
  TaskScope scope_;
};

}  // namespace chirm

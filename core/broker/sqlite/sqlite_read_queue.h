// SPDX-License-Identifier: MIT
#pragma once
// What waits for the reader of an embedded store: one reading after the other, on a worker thread
// beside the writer's. Private to core/broker; loop's thread.

#include <spdlog/spdlog.h>

#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <utility>

#include "core/base/error.h"
#include "core/base/guard.h"
#include "protocol/codes.h"
#include "protocol/expected.h"

namespace chirm {

class Loop;
class SqliteStoreReader;
class SqliteWriteQueue;

class SqliteReadQueue {
 public:
  struct Reading {
    std::function<void(SqliteStoreReader&)> work;  // on a worker thread
    std::function<void()> done;                    // on the loop's, afterwards
    std::function<void()> on_start = {};           // on the loop's, right before; may be empty
  };

  // At most so many wait. The loop and the writes must outlive the queue; a reading that is under
  // way when the queue goes is finished without it, and nobody is told.
  SqliteReadQueue(Loop& loop, std::size_t readings_max, const SqliteWriteQueue& writes,
                  std::shared_ptr<SqliteStoreReader> store);

  // False, and nothing is done, when too many wait, or the writes have found the file gone.
  [[nodiscard]] bool add(Reading reading);
  // Begins the next reading, unless one is under way or none waits. At the end of each turn.
  void start();

  // What its members promise of each other; at the end of a turn.
  void check() const;

  // A reading whose result is handed on; an error is logged, and becomes kInternal.
  template <class T>
  static Reading reading(std::function<Expected<T, Error>(SqliteStoreReader&)> work,
                         std::function<void(Expected<T, ErrorCode>)> done) {
    auto result = std::make_shared<Expected<T, Error>>(T{});
    return {[result, run = std::move(work)](SqliteStoreReader& store) { *result = run(store); },
            [result, answer = std::move(done)] {
              if (*result) return answer(std::move(**result));
              spdlog::error("store: {}", result->error().message);
              answer(Unexpected<ErrorCode>(errors::kInternal));
            },
            {}};
  }

 private:
  Loop& loop_;
  const std::size_t readings_max_;
  const SqliteWriteQueue& writes_;
  const std::shared_ptr<SqliteStoreReader> store_;  // shared with the reading that is under way
  std::deque<Reading> readings_;
  bool is_running_ = false;  // a reading is on a worker thread
  Guard guard_;
};

}  // namespace chirm

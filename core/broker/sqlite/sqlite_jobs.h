// SPDX-License-Identifier: MIT
#pragma once
// What SqliteBroker does on worker threads for its parts, and for whoever reads. Private to
// core/broker.

#include <spdlog/spdlog.h>

#include <functional>
#include <memory>
#include <utility>

#include "core/broker/sqlite/sqlite_store.h"
#include "protocol/codes.h"

namespace chirm {

class SqliteJobs {
 public:
  using OnChanged = std::function<void(const SqliteStore::DocumentChange*)>;

  // Done with the next transaction; `done` gets null when that failed, or too much waits.
  virtual void change(SqliteStore::DocumentChange change, OnChanged done) = 0;

  // `work` is run on a worker thread, then `done` on the loop's; one reading after the other. False
  // when too many wait.
  struct Reading {
    std::function<void(SqliteStore&)> work;
    std::function<void()> done;
    std::function<void()> on_start = {};  // on the loop's thread, right before; may be empty
  };
  virtual bool read(Reading reading) = 0;

  // A reading whose result is handed on; an error is logged, and becomes kInternal.
  template <class T>
  static Reading reading(std::function<Expected<T, Error>(SqliteStore&)> work,
                         std::function<void(Expected<T, ErrorCode>)> done) {
    auto result = std::make_shared<Expected<T, Error>>(T{});
    return {[result, run = std::move(work)](SqliteStore& store) { *result = run(store); },
            [result, answer = std::move(done)] {
              if (*result) return answer(std::move(**result));
              spdlog::error("store: {}", result->error().message);
              answer(Unexpected<ErrorCode>(errors::kInternal));
            },
            {}};
  }

 protected:
  ~SqliteJobs() = default;
};

}  // namespace chirm

// SPDX-License-Identifier: MIT
#include "core/broker/sqlite/sqlite_read_queue.h"

#include "core/base/check.h"
#include "core/broker/sqlite/sqlite_store.h"
#include "core/broker/sqlite/sqlite_write_queue.h"
#include "core/loop/worker.h"

namespace chirm {

SqliteReadQueue::SqliteReadQueue(Loop& loop, std::size_t readings_max,
                                 const SqliteWriteQueue& writes,
                                 std::shared_ptr<SqliteStoreReader> store)
    : loop_(loop), readings_max_(readings_max), writes_(writes), store_(std::move(store)) {}

bool SqliteReadQueue::add(Reading reading) {
  if (readings_.size() >= readings_max_ || writes_.is_gone()) return false;
  readings_.push_back(std::move(reading));
  return true;
}

void SqliteReadQueue::start() {
  if (is_running_ || readings_.empty()) return;
  is_running_ = true;
  Reading reading = std::move(readings_.front());
  readings_.pop_front();
  if (reading.on_start) reading.on_start();
  run_on_worker(
      loop_, [work = std::move(reading.work), store = store_] { work(*store); },
      guard_([this, done = std::move(reading.done)] {
        is_running_ = false;
        // The worker has the next one while the loop is busy with this one's answer.
        start();
        done();
      }));
}

void SqliteReadQueue::check() const {
  CHIRM_CHECK(readings_.size() <= readings_max_, readings_.size());
  CHIRM_CHECK(is_running_ || readings_.empty(), readings_.size());
}

}  // namespace chirm

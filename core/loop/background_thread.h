// SPDX-License-Identifier: MIT
#pragma once
// One thread of low priority for work that takes long, with a queue that is bounded: hashing of
// passwords neither holds up the loop nor what waits for the disk on libuv's pool.

#include <cstddef>
#include <functional>
#include <memory>

namespace chirm {

class Loop;

class BackgroundThread {
 public:
  // The loop must outlive the thread.
  BackgroundThread(Loop& loop, std::size_t queue_max);
  // Waits for the work that is under way. What waits is dropped, and no `done` is called any more.
  ~BackgroundThread();
  BackgroundThread(const BackgroundThread&) = delete;
  BackgroundThread& operator=(const BackgroundThread&) = delete;

  // `work` runs on the thread, one after the other, then `done` on the loop's. False when the queue
  // is full.
  [[nodiscard]] bool run(std::function<void()> work, std::function<void()> done);
  // Of works, the one under way included.
  std::size_t queued() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace chirm

// SPDX-License-Identifier: MIT
#include "core/loop/background_thread.h"

#include <sys/resource.h>
#include <unistd.h>
#include <uv.h>

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "core/base/check.h"
#include "core/loop/close_then_delete.h"
#include "core/loop/loop.h"

namespace chirm {

namespace {
constexpr int kNiceness = 10;  // the loop's thread gets about nine times its share of a busy core
}  // namespace

struct BackgroundThread::Impl {
  struct Task {
    std::function<void()> work;
    std::function<void()> done;
  };

  void work_for_ever() {
    // Only this thread's: on Linux niceness belongs to threads. It is an optimisation only.
    (void)setpriority(PRIO_PROCESS, static_cast<id_t>(gettid()), kNiceness);
    std::unique_lock lock(mutex);
    while (true) {
      wake.wait(lock, [this] { return is_ending || !waiting.empty(); });
      if (is_ending) return;
      Task task = std::move(waiting.front());
      waiting.pop_front();
      lock.unlock();
      task.work();
      lock.lock();
      finished.push_back(std::move(task.done));
      // Several of these before the loop wakes are one wake-up: on_async_cb takes all that is
      // there.
      (void)uv_async_send(async.get());  // fails only when it is closing
    }
  }

  static void on_async_cb(uv_async_t* handle) {
    auto& self = *static_cast<Impl*>(handle->data);
    self.loop->begin_turn();
    // Called without the lock, for they may add work.
    std::vector<std::function<void()>> dones;
    {
      const std::lock_guard lock(self.mutex);
      dones.swap(self.finished);
    }
    CHIRM_CHECK(self.queued >= dones.size(), self.queued, dones.size());
    self.queued -= dones.size();
    for (const auto& done : dones) done();
  }

  Loop* loop = nullptr;
  std::size_t queue_max = 0;
  std::size_t queued = 0;  // only the loop's thread touches it
  UvBox<uv_async_t> async{new uv_async_t};
  std::mutex mutex;  // of what follows
  std::condition_variable wake;
  std::deque<Task> waiting;
  std::vector<std::function<void()>> finished;
  bool is_ending = false;
  std::thread thread;
};

BackgroundThread::BackgroundThread(Loop& loop, std::size_t queue_max)
    : impl_(std::make_unique<Impl>()) {
  impl_->loop = &loop;
  impl_->queue_max = queue_max;
  const int rc = uv_async_init(loop.uv(), impl_->async.get(), &Impl::on_async_cb);
  CHIRM_CHECK(rc == 0, rc);
  impl_->async->data = impl_.get();
  impl_->thread = std::thread([impl = impl_.get()] { impl->work_for_ever(); });
}

// Joined before the async handle is closed: the thread may be about to send to it.
BackgroundThread::~BackgroundThread() {
  {
    const std::lock_guard lock(impl_->mutex);
    impl_->is_ending = true;
  }
  impl_->wake.notify_one();
  impl_->thread.join();
}

bool BackgroundThread::run(std::function<void()> work, std::function<void()> done) {
  if (impl_->queued >= impl_->queue_max) return false;
  ++impl_->queued;
  {
    const std::lock_guard lock(impl_->mutex);
    impl_->waiting.push_back({std::move(work), std::move(done)});
  }
  impl_->wake.notify_one();
  return true;
}

std::size_t BackgroundThread::queued() const { return impl_->queued; }

}  // namespace chirm

// SPDX-License-Identifier: MIT
#include "core/loop/poller.h"

#include <sys/epoll.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "core/base/check.h"

namespace chirm {

namespace {
std::uint32_t epoll_mask(FdWatcher::Events events) {
  return (events.readable ? EPOLLIN : 0U) | (events.writable ? EPOLLOUT : 0U);
}
}  // namespace

// What one epoll_wait has brought. A target may go while those before it are served, so the events
// that are not delivered yet stand where forget() finds them.
//
//   events:  0 … delivered …  next … to be delivered …  count
struct Poller::Batch {
  std::array<epoll_event, kEventsMax> events;
  int next = 0;
  int count = 0;
};

Poller::Poller(Loop& loop)
    : epoll_fd_(epoll_create1(EPOLL_CLOEXEC)), batch_(std::make_unique<Batch>()) {
  CHIRM_CHECK(epoll_fd_ >= 0, errno);
  // An epoll set is itself readable when something in it is ready: libuv watches one descriptor.
  watcher_ = std::make_unique<FdWatcher>(loop, epoll_fd_, [this](auto) { on_events(); });
  watcher_->watch({.readable = true});
}

Poller::~Poller() {
  watcher_.reset();
  close(epoll_fd_);
}

bool Poller::add(int fd, PollTarget& target, FdWatcher::Events events) {
  epoll_event event{epoll_mask(events), {.ptr = &target}};
  return epoll_ctl(epoll_fd_, EPOLL_CTL_ADD, fd, &event) == 0;
}

void Poller::change(int fd, PollTarget& target, FdWatcher::Events events) {
  epoll_event event{epoll_mask(events), {.ptr = &target}};
  const int rc = epoll_ctl(epoll_fd_, EPOLL_CTL_MOD, fd, &event);
  CHIRM_CHECK(rc == 0, fd, errno);
}

void Poller::remove(int fd) {
  const int rc = epoll_ctl(epoll_fd_, EPOLL_CTL_DEL, fd, nullptr);
  CHIRM_CHECK(rc == 0, fd, errno);
}

void Poller::forget(PollTarget& target) {
  for (int i = batch_->next; i < batch_->count; ++i) {
    epoll_event& event = batch_->events[static_cast<std::size_t>(i)];
    if (event.data.ptr == &target) event.data.ptr = nullptr;
  }
}

// One batch a turn and not until nothing is left: timers, Redis and the flush get their turn too,
// under whatever load. The set stays readable as long as events wait, so the next turn comes.
void Poller::on_events() {
  CHIRM_CHECK(batch_->next == batch_->count, batch_->next, batch_->count);
  batch_->next = 0;
  batch_->count = epoll_wait(epoll_fd_, batch_->events.data(), kEventsMax, 0);
  if (batch_->count < 0) {
    CHIRM_CHECK(errno == EINTR, errno);
    batch_->count = 0;
  }
  while (batch_->next < batch_->count) {
    const epoll_event event = batch_->events[static_cast<std::size_t>(batch_->next++)];
    if (event.data.ptr == nullptr) continue;
    // Told as ready for both, whatever was asked for, so that a read or a write meets the error:
    // there is one way in which a socket ends.
    const bool is_broken = (event.events & (EPOLLERR | EPOLLHUP)) != 0;
    static_cast<PollTarget*>(event.data.ptr)
        ->on_ready(is_broken || (event.events & EPOLLIN) != 0,
                   is_broken || (event.events & EPOLLOUT) != 0);
  }
}

void Poller::check() const {
  CHIRM_CHECK(batch_->next == batch_->count, batch_->next, batch_->count);
}

}  // namespace chirm

// SPDX-License-Identifier: MIT
#include "core/broker/redis/redis_link.h"

#include <fcntl.h>
#include <hiredis/async.h>
#include <hiredis/hiredis.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <spdlog/spdlog.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <utility>

#include "core/broker/redis/redis_sentinel.h"
#include "core/loop/loop.h"

namespace chirm {

namespace {

// hiredis reads this much per call.
constexpr int kReadBytes = 16 * 1024;
// Calls per turn: a busy bus must not starve the clients' sockets.
constexpr int kReadsMax = 16;
// Deadlines are counted in ticks, not in time: when this process was stopped, ticks were too.
constexpr std::uint64_t kTicksPerDeadline = 10;

void set_option(int fd, int level, int option, int value) {
  // Only a help to notice a dead peer sooner: the deadlines notice it too.
  (void)setsockopt(fd, level, option, &value, sizeof(value));
}

void tune_tcp(int fd, std::uint64_t deadline_ms) {
  set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1);
  set_option(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, static_cast<int>(deadline_ms));
  set_option(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
  set_option(fd, IPPROTO_TCP, TCP_KEEPIDLE, 5);
  set_option(fd, IPPROTO_TCP, TCP_KEEPINTVL, 2);
  set_option(fd, IPPROTO_TCP, TCP_KEEPCNT, 3);
}

}  // namespace

// ac->data is the link as long as this context is the link's.
struct RedisLink::Adapter {
  static RedisLink* link(const redisAsyncContext* context) {
    return static_cast<RedisLink*>(context->data);
  }
  static RedisLink* link(void* event_data) { return static_cast<RedisLink*>(event_data); }

  static void add_read_cb(void* data) {
    link(data)->watches_read_ = true;
    link(data)->watch();
  }
  static void del_read_cb(void* data) {
    link(data)->watches_read_ = false;
    link(data)->watch();
  }
  // hiredis asks for this with each command, too; those wait for flush().
  static void add_write_cb(void* data) {
    RedisLink& self = *link(data);
    self.has_output_ = true;
    if (!self.is_writing_ && self.state_ != State::kConnecting) return;
    self.watches_write_ = true;
    self.watch();
  }
  static void del_write_cb(void* data) {
    link(data)->watches_write_ = false;
    link(data)->watch();
  }
  static void cleanup_cb(void* data) { link(data)->watcher_.reset(); }

  static void on_connect_cb(const redisAsyncContext* context, int status) {
    RedisLink* self = link(context);
    if (self == nullptr || status == REDIS_OK) return;
    // hiredis frees the context when this returns, without calling on_disconnect_cb.
    self->lose(context->c.errstr);
  }
  static void on_disconnect_cb(const redisAsyncContext* context, int) {
    RedisLink* self = link(context);
    if (self == nullptr) return;
    self->lose(context->c.err != 0 ? context->c.errstr : "closed");
  }

  static void on_reply_cb(redisAsyncContext* context, void* reply, void*) {
    RedisLink* self = link(context);
    if (self == nullptr || reply == nullptr || self->in_flight_.empty()) return;
    const OnReply on_reply = std::move(self->in_flight_.front().on_reply);
    self->in_flight_.pop_front();
    if (on_reply) on_reply(RedisReply(static_cast<const redisReply*>(reply)));
  }
  static void on_push_cb(redisAsyncContext* context, void* reply, void*) {
    RedisLink* self = link(context);
    if (self == nullptr || reply == nullptr) return;
    self->owner_.on_push(RedisReply(static_cast<const redisReply*>(reply)));
  }
};

RedisLink::RedisLink(Loop& loop, RedisUrl url, std::string name, const RedisLinkSettings& settings,
                     Owner& owner, Role role)
    : loop_(loop),
      url_(std::move(url)),
      name_(std::move(name)),
      settings_(settings),
      owner_(owner),
      role_(role),
      resolver_(loop),
      timer_(loop, [this] { on_timer(); }),
      tick_timer_(loop, [this] { on_tick(); }) {
  if (!url_.has_sentinels()) return;
  sentinel_ = std::make_unique<RedisSentinel>(
      loop, url_, name_, [this](const RedisHost& master) { on_master(master); });
}

RedisLink::~RedisLink() {
  if (context_ != nullptr) redisAsyncFree(release());
}

void RedisLink::start() {
  if (sentinel_) sentinel_->start();
  connect();
}

void RedisLink::connect() {
  attempt_problem_.clear();
  if (sentinel_) {
    state_ = State::kLocating;
    timer_.start(settings_.connect_timeout_ms);
    return sentinel_->ask();
  }
  hosts_left_.assign(url_.hosts.begin(), url_.hosts.end());
  std::rotate(hosts_left_.begin(), hosts_left_.begin() + static_cast<std::ptrdiff_t>(first_host_),
              hosts_left_.end());
  connect_next();
}

// Asked for or not.
void RedisLink::on_master(const RedisHost& master) {
  const bool is_news = master != host_;
  if (context_ != nullptr) {
    if (is_news) drop("the master is " + master.text() + " now");
  } else if (state_ == State::kLocating || (state_ == State::kWaiting && is_news)) {
    attempt_problem_.clear();
    hosts_left_ = {master};
    connect_next();
  }
}

// The next address of this attempt; there is one.
void RedisLink::connect_next() {
  timer_.start(settings_.connect_timeout_ms);
  if (url_.is_unix()) return open(url_.socket_path);
  if (!addresses_left_.empty()) {
    const std::string address = std::move(addresses_left_.front());
    addresses_left_.pop_front();
    return open(address);
  }
  host_ = std::move(hosts_left_.front());
  hosts_left_.pop_front();
  target_.clear();
  state_ = State::kResolving;
  resolver_.resolve(host_.name, [this](const Expected<std::vector<std::string>, Error>& found) {
    if (state_ != State::kResolving) return;  // it took too long
    if (!found) return lose(found.error().message);
    addresses_left_.assign(found->begin(), found->end());
    connect_next();
  });
}

void RedisLink::open(const std::string& address) {
  state_ = State::kConnecting;
  if (!url_.is_unix()) target_ = RedisHost{address, host_.port}.text();
  redisAsyncContext* context = url_.is_unix() ? redisAsyncConnectUnix(address.c_str())
                                              : redisAsyncConnect(address.c_str(), host_.port);
  if (context == nullptr) return lose("out of memory");
  if (context->err != 0) {  // before adopt(): there may be no descriptor
    const std::string reason = context->c.errstr;
    redisAsyncFree(context);
    return lose(reason);
  }
  adopt(context);
}

void RedisLink::adopt(redisAsyncContext* context) {
  const int fd = context->c.fd;
  (void)fcntl(fd, F_SETFD, FD_CLOEXEC);  // cannot fail on an open descriptor
  if (!url_.is_unix()) tune_tcp(fd, settings_.command_deadline_ms);
  context_ = context;
  context->data = this;
  has_output_ = watches_read_ = watches_write_ = false;
  watcher_ = std::make_unique<FdWatcher>(loop_, fd,
                                         [this](FdWatcher::Events events) { on_ready(events); });
  context->ev.data = this;
  context->ev.addRead = &Adapter::add_read_cb;
  context->ev.delRead = &Adapter::del_read_cb;
  context->ev.addWrite = &Adapter::add_write_cb;
  context->ev.delWrite = &Adapter::del_write_cb;
  context->ev.cleanup = &Adapter::cleanup_cb;
  redisAsyncSetDisconnectCallback(context, &Adapter::on_disconnect_cb);
  redisAsyncSetConnectCallback(context, &Adapter::on_connect_cb);  // starts watching
  tick_timer_.start_repeating(
      std::max<std::uint64_t>(1, settings_.command_deadline_ms / kTicksPerDeadline));
}

void RedisLink::on_ready(FdWatcher::Events events) {
  redisAsyncContext* const context = context_;
  if (events.writable) {
    write(context);
    if (context_ != context) return;
    if (state_ == State::kConnecting && (context->c.flags & REDIS_CONNECTED) != 0) greet();
  }
  if (events.readable && state_ != State::kConnecting) read(context);
}

void RedisLink::read(redisAsyncContext* context) {
  int available = 0;
  if (ioctl(context->c.fd, FIONREAD, &available) != 0) available = 0;
  // One call even when there is nothing to read: it meets the end or the error.
  const int calls = std::min(available / kReadBytes + 1, kReadsMax);
  is_reading_ = true;
  for (int i = 0; i < calls && context_ == context; ++i) redisAsyncHandleRead(context);
  is_reading_ = false;
}

void RedisLink::write(redisAsyncContext* context) {
  has_output_ = false;
  is_writing_ = true;
  redisAsyncHandleWrite(context);
  is_writing_ = false;
}

void RedisLink::watch() {
  if (watcher_) watcher_->watch({.readable = watches_read_, .writable = watches_write_});
}

void RedisLink::flush() {
  if (sentinel_) sentinel_->flush();
  if (context_ == nullptr || !has_output_ || watches_write_ || is_reading_) return;
  write(context_);
}

void RedisLink::mark_useful() {
  if (is_useful_ || !is_up()) return;
  is_useful_ = true;
  useful_since_ms_ = loop_.now_ms();
  logged_reason_.clear();
  const auto host = std::find(url_.hosts.begin(), url_.hosts.end(), host_);
  if (host != url_.hosts.end()) first_host_ = static_cast<std::size_t>(host - url_.hosts.begin());
  spdlog::info("redis: {} connected to {}", name_, place());
}

// The URL's, and the address where that says more.
std::string RedisLink::place() const {
  const std::string place = url_.hosts.size() > 1 && !sentinel_ ? host_.text() : url_.place();
  const bool is_the_same = target_.empty() || place.starts_with(target_);
  return is_the_same ? place : place + " at " + target_;
}

void RedisLink::command(std::string_view bytes, OnReply on_reply) {
  if (is_up()) append(bytes, std::move(on_reply));
}

void RedisLink::append(std::string_view bytes, OnReply on_reply) {
  const int status = redisAsyncFormattedCommand(context_, &Adapter::on_reply_cb, nullptr,
                                                bytes.data(), bytes.size());
  // Refused only when the context is closing, and then it is not ours any more.
  if (status == REDIS_OK) in_flight_.push_back({tick_, std::move(on_reply)});
}

void RedisLink::subscription_command(std::string_view bytes) {
  if (!is_up()) return;
  // An UNSUBSCRIBE's callback is ignored. Refused: as above.
  (void)redisAsyncFormattedCommand(context_, &Adapter::on_push_cb, nullptr, bytes.data(),
                                   bytes.size());
}

void RedisLink::drop(const std::string& reason) {
  if (context_ == nullptr) return;
  redisAsyncContext* context = release();
  lose(reason);
  redisAsyncFree(context);  // within a callback of hiredis: when that returns
}

// From now on hiredis does not call back for this context.
redisAsyncContext* RedisLink::release() {
  watcher_.reset();  // before the descriptor is closed
  context_->data = nullptr;
  context_->ev = {};
  return std::exchange(context_, nullptr);
}

// The context is gone, or will be as soon as hiredis has the control back.
void RedisLink::lose(const std::string& reason) {
  if (context_ != nullptr) (void)release();
  tick_timer_.stop();
  in_flight_.clear();
  note_loss(reason);
  state_ = State::kLost;
  timer_.start(0);
}

void RedisLink::try_next_host(const std::string& reason) {
  if (url_.hosts.size() > 1) first_host_ = (first_host_ + 1) % url_.hosts.size();
  drop(reason);
}

void RedisLink::note_loss(const std::string& reason) {
  if (is_useful_) {
    spdlog::warn("redis: {} lost {}: {}", name_, place(), reason);
    logged_reason_ = reason;
    hosts_left_.clear();
    addresses_left_.clear();
    return;
  }
  const bool has_others = url_.hosts.size() > 1 || !attempt_problem_.empty() || has_next();
  if (!attempt_problem_.empty()) attempt_problem_ += "; ";
  if (has_others && !target_.empty()) attempt_problem_ += target_ + ": ";
  attempt_problem_ += reason;
  if (has_next() || attempt_problem_ == logged_reason_) return;
  logged_reason_ = attempt_problem_;
  spdlog::warn("redis: {} cannot use {}: {}; retrying", name_, has_others ? url_.place() : place(),
               attempt_problem_);
}

void RedisLink::on_timer() {
  switch (state_) {
    case State::kLocating:
      target_.clear();
      return lose("no Sentinel names the master: " + sentinel_->problem());
    case State::kResolving:
      return lose("the name server does not answer");
    case State::kConnecting:
      return drop("timed out");
    case State::kGreeting:
      return drop("no answer to the login");
    case State::kLost:
      return on_lost();
    case State::kWaiting:
      return connect();
    case State::kIdle:
    case State::kUp:
      return;
  }
}

void RedisLink::on_lost() {
  if (has_next()) {
    connect_next();
  } else {
    wait_and_retry();
  }
  if (std::exchange(owner_thinks_up_, false)) owner_.on_link_down();
}

// A connection that was lost right after it was made does not reset the backoff: a server that
// refuses every command would be asked 20 times a second.
void RedisLink::wait_and_retry() {
  const bool was_stable = std::exchange(is_useful_, false) &&
                          loop_.now_ms() - useful_since_ms_ >= settings_.backoff_max_ms;
  backoff_ms_ = was_stable || backoff_ms_ == 0
                    ? settings_.backoff_min_ms
                    : std::min(backoff_ms_ * 2, settings_.backoff_max_ms);
  state_ = State::kWaiting;
  timer_.start(random_.between(backoff_ms_ / 2, backoff_ms_));
}

void RedisLink::on_tick() {
  ++tick_;
  if (in_flight_.empty() || tick_ - in_flight_.front().sent_tick <= kTicksPerDeadline) return;
  drop("no answer within " + std::to_string(settings_.command_deadline_ms) + " ms");
}

}  // namespace chirm

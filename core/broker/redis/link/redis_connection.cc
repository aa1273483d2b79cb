// SPDX-License-Identifier: MIT
#include "core/broker/redis/link/redis_connection.h"

#include <fcntl.h>
#include <hiredis/async.h>
#include <hiredis/hiredis.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <utility>

#include "core/base/check.h"
#include "core/loop/loop.h"

namespace chirm {

namespace {

// hiredis reads this much per call, and calls no more often by itself: a loop iteration of 5 ms got
// 66 messages, 12.4 k a second, whatever Redis sent (hiredis 0.14.1, 2026-11).
constexpr int kReadBytes = 16 * 1024;
// Calls per turn: a busy bus must not starve the clients' sockets.
constexpr int kReadsMax = 16;
// Deadlines are counted in ticks, not in time: when this process was stopped (or the machine was
// asleep), ticks were too, and Redis is not blamed for it.
constexpr std::uint64_t kTicksPerDeadline = 10;

void set_option(int fd, int level, int option, int value) {
  // Only a help to notice a dead peer sooner: the deadlines notice it too.
  (void)setsockopt(fd, level, option, &value, sizeof(value));
}

// Keepalive probes find a dead peer while nothing is sent; TCP_USER_TIMEOUT while something is.
void tune_tcp(int fd, std::uint64_t deadline_ms) {
  set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1);
  set_option(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, static_cast<int>(deadline_ms));
  set_option(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
  set_option(fd, IPPROTO_TCP, TCP_KEEPIDLE, 5);
  set_option(fd, IPPROTO_TCP, TCP_KEEPINTVL, 2);
  set_option(fd, IPPROTO_TCP, TCP_KEEPCNT, 3);
}

}  // namespace

// context->data is the connection as long as this context is the connection's, and null afterwards:
// hiredis goes on calling back for a context that it is about to free, with null replies.
struct RedisConnection::Adapter {
  static RedisConnection* connection(const redisAsyncContext* context) {
    return static_cast<RedisConnection*>(context->data);
  }
  static RedisConnection* connection(void* event_data) {
    return static_cast<RedisConnection*>(event_data);
  }

  static void add_read_cb(void* data) {
    connection(data)->watches_read_ = true;
    connection(data)->watch();
  }
  static void del_read_cb(void* data) {
    connection(data)->watches_read_ = false;
    connection(data)->watch();
  }
  // hiredis asks for this with each command, too; those wait for flush(), so that a turn's commands
  // leave in one write. While connecting it is how hiredis waits for the connection, and inside a
  // write it means that the socket is full: only then is there something to watch for.
  static void add_write_cb(void* data) {
    RedisConnection& self = *connection(data);
    self.has_output_ = true;
    if (!self.is_writing_ && !self.is_connecting_) return;
    self.watches_write_ = true;
    self.watch();
  }
  static void del_write_cb(void* data) {
    connection(data)->watches_write_ = false;
    connection(data)->watch();
  }
  static void cleanup_cb(void* data) { connection(data)->watcher_.reset(); }

  // hiredis frees the context when this returns, without calling on_disconnect_cb. It must not be
  // freed or disconnected from in here: hiredis 0.14 uses it once more.
  static void on_connect_cb(const redisAsyncContext* context, int status) {
    RedisConnection* self = connection(context);
    if (self == nullptr || status == REDIS_OK) return;
    self->end(context->c.errstr);
  }
  // Freeing the context here would free it twice.
  static void on_disconnect_cb(const redisAsyncContext* context, int) {
    RedisConnection* self = connection(context);
    if (self == nullptr) return;
    self->end(context->c.err != 0 ? context->c.errstr : "closed");
  }

  static void on_reply_cb(redisAsyncContext* context, void* reply, void*) {
    RedisConnection* self = connection(context);
    if (self == nullptr || reply == nullptr || self->in_flight_.empty()) return;
    // Taken out first: the callback may close the connection, which clears in_flight_.
    const OnReply on_reply = std::move(self->in_flight_.front().on_reply);
    self->in_flight_.pop_front();
    if (on_reply) on_reply(RedisReply(static_cast<const redisReply*>(reply)));
  }
  static void on_push_cb(redisAsyncContext* context, void* reply, void*) {
    RedisConnection* self = connection(context);
    if (self == nullptr || reply == nullptr) return;
    self->owner_.on_push(RedisReply(static_cast<const redisReply*>(reply)));
  }
};

RedisConnection::RedisConnection(Loop& loop, Owner& owner, std::uint64_t command_deadline_ms)
    : loop_(loop),
      owner_(owner),
      command_deadline_ms_(command_deadline_ms),
      tick_timer_(loop, [this] { on_tick(); }) {}

RedisConnection::~RedisConnection() { close(); }

Expected<void, Error> RedisConnection::open(const std::string& address, std::uint16_t port) {
  return adopt(redisAsyncConnect(address.c_str(), port), true);
}

// hiredis begins the connection, so that there is one way to do that.
Expected<void, Error> RedisConnection::open_tls(const std::string& address, std::uint16_t port,
                                                const TlsContext& tls, const std::string& host) {
  const TlsPeer peer{tls, host};
  return adopt(redisAsyncConnect(address.c_str(), port), true, &peer);
}

Expected<void, Error> RedisConnection::open_unix(const std::string& path) {
  return adopt(redisAsyncConnectUnix(path.c_str()), false);
}

Expected<void, Error> RedisConnection::adopt(redisAsyncContext* context, bool is_tcp,
                                             const TlsPeer* tls) {
  CHIRM_CHECK(!is_open());
  if (context == nullptr) return Unexpected<Error>({"out of memory"});
  if (context->err != 0) {  // looked at before anything else: there may be no descriptor
    const std::string reason = context->c.errstr;
    redisAsyncFree(context);
    return Unexpected<Error>({reason});
  }
  const int fd = context->c.fd;
  (void)fcntl(fd, F_SETFD, FD_CLOEXEC);  // cannot fail on an open descriptor
  if (is_tcp) tune_tcp(fd, command_deadline_ms_);
  if (tls != nullptr) {
    auto pipe = TlsPipe::take(fd, tls->context, tls->host);
    if (!pipe || !(*pipe)->problem().empty()) {
      redisAsyncFree(context);
      return Unexpected<Error>(pipe ? Error{(*pipe)->problem()} : pipe.error());
    }
    tls_ = std::move(*pipe);
  }
  context_ = context;
  context->data = this;
  is_connecting_ = true;
  has_output_ = watches_read_ = watches_write_ = false;
  watcher_ = std::make_unique<FdWatcher>(
      loop_, tls_ ? tls_->socket() : fd,
      [this](FdWatcher::Events events) { return tls_ ? on_ready_tls(events) : on_ready(events); });
  context->ev.data = this;
  context->ev.addRead = &Adapter::add_read_cb;
  context->ev.delRead = &Adapter::del_read_cb;
  context->ev.addWrite = &Adapter::add_write_cb;
  context->ev.delWrite = &Adapter::del_write_cb;
  context->ev.cleanup = &Adapter::cleanup_cb;
  redisAsyncSetDisconnectCallback(context, &Adapter::on_disconnect_cb);
  // The last one, because hiredis asks in it to be told when the socket is writable.
  redisAsyncSetConnectCallback(context, &Adapter::on_connect_cb);
  tick_timer_.start_repeating(std::max<std::uint64_t>(1, command_deadline_ms_ / kTicksPerDeadline));
  return {};
}

void RedisConnection::close() {
  if (context_ != nullptr)
    redisAsyncFree(release());  // in a callback of hiredis: when that returns
}

// From now on hiredis does not call back for this context.
redisAsyncContext* RedisConnection::release() {
  watcher_.reset();  // before the descriptor is closed
  tls_.reset();
  tick_timer_.stop();
  in_flight_.clear();
  context_->data = nullptr;
  context_->ev = {};
  return std::exchange(context_, nullptr);
}

// hiredis has ended it, and will free it.
void RedisConnection::end(const std::string& reason) {
  (void)release();
  owner_.on_closed(reason);
}

// A refused connection is reported as an error of both directions, and is only seen by hiredis when
// it is told to write: so "writable" comes first, and is not skipped when there is nothing to
// write.
void RedisConnection::on_ready(FdWatcher::Events events) {
  redisAsyncContext* const context = context_;
  // What is left of an earlier turn may be too old to be sent: see Broker::refuse_waiting().
  if (events.writable && !loop_.has_paused()) {
    write(context);
    if (context_ != context) return;
    if (is_connecting_ && (context->c.flags & REDIS_CONNECTED) != 0) {
      is_connecting_ = false;
      owner_.on_connected();
      if (context_ != context) return;
    }
  }
  if (events.readable && !is_connecting_) read(context);
}

// Nobody watches the pair of sockets: what is put into it is read at once, and what hiredis writes
// is taken from it at once.
void RedisConnection::on_ready_tls(FdWatcher::Events events) {
  redisAsyncContext* const context = context_;
  const bool may_write = !loop_.has_paused();  // see on_ready()
  if (events.readable && (may_write || !is_connecting_)) receive_tls(context);
  if (context_ != context) return;
  if (may_write && is_connecting_) {
    tls_->send();
  } else if (may_write) {
    write(context);
  }
  if (context_ == context) end_or_watch_tls();
}

// A server that has not proved who it is gets no command.
void RedisConnection::receive_tls(redisAsyncContext* context) {
  bool has_more = true;
  for (int i = 0; i < kReadsMax && has_more; ++i) {
    has_more = tls_->receive();
    if (is_connecting_ && tls_->is_open()) begin_tls(context);
    if (context_ == context && !is_connecting_) read(context);
    if (context_ != context) return;
  }
}

// hiredis would look for the error of a connection that its socket does not make any more.
void RedisConnection::begin_tls(redisAsyncContext* context) {
  context->c.flags |= REDIS_CONNECTED;
  is_connecting_ = false;
  write(context);  // has nothing to write, and asks to be told of what is to be read
  if (context_ == context) owner_.on_connected();
}

// The last line of whoever calls it, as the owner is told when it is over.
void RedisConnection::end_or_watch_tls() {
  if (tls_->problem().empty()) return watch();
  const std::string reason = tls_->problem();
  close();
  owner_.on_closed(reason);
}

void RedisConnection::read(redisAsyncContext* context) {
  int available = 0;
  if (ioctl(context->c.fd, FIONREAD, &available) != 0) available = 0;
  if (tls_ && available == 0) return;  // the pair has no end of its own
  // One call even when there is nothing to read: it meets the end or the error.
  const int calls = std::min(available / kReadBytes + 1, kReadsMax);
  is_reading_ = true;
  for (int i = 0; i < calls && context_ == context; ++i) redisAsyncHandleRead(context);
  is_reading_ = false;
}

void RedisConnection::write(redisAsyncContext* context) {
  has_output_ = false;
  is_writing_ = true;
  redisAsyncHandleWrite(context);
  is_writing_ = false;
  if (tls_ && context_ == context) tls_->send();
}

void RedisConnection::watch() {
  if (!watcher_) return;
  if (!tls_) return watcher_->watch({.readable = watches_read_, .writable = watches_write_});
  const bool has_output = watches_write_ && !is_connecting_;  // that the pair had no room for
  watcher_->watch({.readable = true, .writable = has_output || tls_->wants_write()});
}

// Not from within read(): the context could end, and hiredis would read on in it. What the replies
// have queued leaves at the end of the turn.
void RedisConnection::flush() {
  if (context_ == nullptr || !has_output_ || watches_write_ || is_reading_) return;
  redisAsyncContext* const context = context_;
  write(context);
  if (tls_ && context_ == context) end_or_watch_tls();
}

void RedisConnection::command(std::string_view bytes, OnReply on_reply) {
  CHIRM_CHECK(is_open() && !is_connecting_);
  const int status = redisAsyncFormattedCommand(context_, &Adapter::on_reply_cb, nullptr,
                                                bytes.data(), bytes.size());
  // Refused only when the context is closing, and then it is not ours any more.
  if (status == REDIS_OK) in_flight_.push_back({tick_, std::move(on_reply)});
}

void RedisConnection::subscription_command(std::string_view bytes) {
  CHIRM_CHECK(is_open() && !is_connecting_);
  // hiredis keeps this callback for a SUBSCRIBE, and calls it with the confirmation and with every
  // message; an UNSUBSCRIBE's is ignored. Refused: as above.
  (void)redisAsyncFormattedCommand(context_, &Adapter::on_push_cb, nullptr, bytes.data(),
                                   bytes.size());
}

// hiredis 0.14 knows no deadlines: without this a server that takes commands and answers nothing
// would be waited for until the kernel gives up.
void RedisConnection::on_tick() {
  ++tick_;
  if (in_flight_.empty() || tick_ - in_flight_.front().sent_tick <= kTicksPerDeadline) return;
  close();
  owner_.on_closed("no answer within " + std::to_string(command_deadline_ms_) + " ms");
}

void RedisConnection::check() const {
  CHIRM_CHECK(!is_reading_ && !is_writing_);
  CHIRM_CHECK(is_open() == (watcher_ != nullptr), is_open());
  CHIRM_CHECK(is_open() || in_flight_.empty(), in_flight_.size());
  CHIRM_CHECK(is_open() || tls_ == nullptr);
  if (!is_open()) return;
  CHIRM_CHECK(context_->data == this);
  CHIRM_CHECK(!is_connecting_ || in_flight_.empty(), in_flight_.size());
  // Deadlines are looked for at the front only: that must be what was sent first.
  CHIRM_CHECK(in_flight_.empty() || in_flight_.front().sent_tick <= in_flight_.back().sent_tick,
              in_flight_.front().sent_tick, in_flight_.back().sent_tick);
  CHIRM_CHECK(in_flight_.empty() || in_flight_.back().sent_tick <= tick_, tick_);
}

}  // namespace chirm

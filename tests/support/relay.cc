// SPDX-License-Identifier: MIT
#include "tests/support/relay.h"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <deque>
#include <utility>

#include "core/base/check.h"
#include "core/loop/loop.h"

namespace chirm::testing {

namespace {
constexpr std::uint64_t kTickMs = 2;
constexpr std::uint64_t kOverdueMs = 50;
constexpr std::size_t kWaitingMax = std::size_t{4} << 20;       // then nothing more is read
constexpr std::size_t kRememberedBytes = std::size_t{1} << 20;  // of what a client said
}  // namespace

// Bytes on their way, oldest first.
struct Relay::Flow {
  struct Piece {
    std::uint64_t due_ms;
    std::string bytes;
  };
  std::deque<Piece> pieces;
  std::size_t waiting = 0;  // bytes in pieces
  bool is_blocked = false;  // the receiver takes no more for now
  bool has_ended = false;   // nothing more will come
};

struct Relay::Pair {
  Socket client;
  Socket server;
  Flow from_client;
  Flow from_server;
  std::string said_by_client;
  std::unique_ptr<RelayFilter> filter;
  std::unique_ptr<FdWatcher> client_watcher;
  std::unique_ptr<FdWatcher> server_watcher;
};

Relay::Relay(Loop& loop, std::uint16_t server_port, std::uint16_t listen_port)
    : loop_(loop),
      server_port_(server_port),
      listener_(*listen_tcp("127.0.0.1", listen_port)),
      timer_(loop, [this] { send_all_due(); }),
      overdue_timer_(loop, [this] { add_overdue(); }) {
  watcher_ = std::make_unique<FdWatcher>(loop, listener_.fd(), [this](auto) { on_accept(); });
  watcher_->watch({.readable = true, .writable = false});
}

Relay::~Relay() = default;

void Relay::hold(bool from_clients, bool from_server) {
  holds_clients_ = from_clients;
  holds_server_ = from_server;
  send_all_due();
}

void Relay::cut() { pairs_.clear(); }

void Relay::set_filter(std::function<std::unique_ptr<RelayFilter>()> make_filter) {
  make_filter_ = std::move(make_filter);
  overdue_timer_.start_repeating(kOverdueMs);
}

void Relay::on_accept() {
  const int fd = accept4(listener_.fd(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (fd < 0) return;
  ++accepted_;
  Socket client(fd);
  auto server = connect_tcp("127.0.0.1", server_port_, "");
  if (!server) return;  // as if it were refused
  Pair& pair = *pairs_.emplace_back(std::make_unique<Pair>());
  if (make_filter_) pair.filter = make_filter_();
  pair.client = std::move(client);
  pair.server = std::move(*server);
  const auto ready = [this, &pair](auto) { on_ready(pair); };
  pair.client_watcher = std::make_unique<FdWatcher>(loop_, fd, ready);
  pair.server_watcher = std::make_unique<FdWatcher>(loop_, pair.server.fd(), ready);
  watch(pair);
}

void Relay::redirect(std::uint16_t server_port) {
  server_port_ = server_port;
  cut();
}

void Relay::on_ready(Pair& pair) {
  pair.from_client.is_blocked = pair.from_server.is_blocked = false;
  if (take(pair, true) && take(pair, false)) watch(pair);
}

// Reads what is there and passes on what is due.
bool Relay::take(Pair& pair, bool from_client) {
  Flow& flow = from_client ? pair.from_client : pair.from_server;
  std::array<char, 65536> buffer;
  while (!flow.has_ended && flow.waiting < kWaitingMax) {
    const int fd = from_client ? pair.client.fd() : pair.server.fd();
    const ssize_t count = read(fd, buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && errno == EAGAIN) break;
    if (count <= 0) {
      flow.has_ended = true;
      break;
    }
    const std::string_view bytes(buffer.data(), static_cast<std::size_t>(count));
    if (from_client) {
      if (pair.said_by_client.size() < kRememberedBytes) pair.said_by_client += bytes;
    } else if (!swallow_.empty() && pair.said_by_client.find(swallow_) != std::string::npos) {
      continue;
    }
    if (delay_ms_ != 0 || is_held(from_client)) late_bytes_ += bytes.size();
    std::string passed(bytes);
    if (pair.filter) filter(pair, passed, from_client);
    add(flow, std::move(passed));
    if (from_client && !cut_.empty() && bytes.find(cut_) != std::string_view::npos) {
      cut_.clear();
      flow.has_ended = true;
    }
  }
  return send_due(pair, flow, from_client);
}

void Relay::add(Flow& flow, std::string bytes) {
  if (bytes.empty()) return;
  flow.waiting += bytes.size();
  flow.pieces.push_back({loop_.now_ms() + delay_ms_, std::move(bytes)});
}

void Relay::filter(Pair& pair, std::string& bytes, bool from_client) {
  if (from_client) {
    std::string answer;
    bytes = pair.filter->from_client(bytes, answer);
    add(pair.from_server, std::move(answer));
  } else {
    bytes = pair.filter->from_server(bytes);
  }
}

void Relay::add_overdue() {
  for (const auto& pair : pairs_) add(pair->from_server, pair->filter->overdue());
  send_all_due();
}

bool Relay::send_due(Pair& pair, Flow& flow, bool from_client) {
  const int fd = from_client ? pair.server.fd() : pair.client.fd();
  while (!flow.pieces.empty() && !flow.is_blocked && !is_held(from_client)) {
    Flow::Piece& piece = flow.pieces.front();
    if (piece.due_ms > loop_.now_ms()) break;
    const ssize_t sent = send(fd, piece.bytes.data(), piece.bytes.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0) {
      if (errno != EAGAIN && errno != ENOTCONN) flow.pieces.clear();  // the receiver is gone
      flow.is_blocked = true;
      break;
    }
    flow.waiting -= static_cast<std::size_t>(sent);
    piece.bytes.erase(0, static_cast<std::size_t>(sent));
    if (piece.bytes.empty()) flow.pieces.pop_front();
  }
  if (flow.has_ended && flow.pieces.empty() && !is_held(from_client) &&
      (from_client || !keeps_clients_)) {
    pairs_.remove_if([&](const auto& one) { return one.get() == &pair; });
    return false;
  }
  if (!flow.pieces.empty() && !timer_.is_running()) timer_.start_repeating(kTickMs);
  return true;
}

void Relay::watch(Pair& pair) {
  const auto takes = [](const Flow& flow) { return !flow.has_ended && flow.waiting < kWaitingMax; };
  pair.client_watcher->watch(
      {.readable = takes(pair.from_client), .writable = pair.from_server.is_blocked});
  pair.server_watcher->watch(
      {.readable = takes(pair.from_server), .writable = pair.from_client.is_blocked});
}

void Relay::send_all_due() {
  bool is_waiting = false;
  for (auto it = pairs_.begin(); it != pairs_.end();) {
    Pair& pair = **it++;  // which may be removed
    if (!send_due(pair, pair.from_client, true) || !send_due(pair, pair.from_server, false)) {
      continue;
    }
    watch(pair);
    is_waiting |= !pair.from_client.pieces.empty() || !pair.from_server.pieces.empty();
  }
  if (!is_waiting) timer_.stop();
}

}  // namespace chirm::testing

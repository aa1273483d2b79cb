// SPDX-License-Identifier: MIT
// chirm-floor: what plain epoll and send can do, as the yardstick for chirmd. It speaks just enough
// of the protocol for chirm-load: connect, subscribe and publish in one room without history, so
// without recovery, limits, pings or care for slow readers. It can be told to drop or double
// deliveries, so that the checker has something to find.
//
// Each turn takes in everything that is readable, appends each publication as a ready-made frame to
// one buffer, and then makes one gathered write per subscriber: its own replies, then the buffer.

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/command.h"
#include "protocol/http.h"
#include "protocol/limits.h"
#include "protocol/lines.h"
#include "protocol/message.h"
#include "protocol/ws_decoder.h"
#include "protocol/ws_encoder.h"

namespace {

using chirm::Opcode;

constexpr std::string_view kEpoch = "floor";
constexpr int kEventsMax = 4096;  // enough to take in a whole turn with one epoll_wait
constexpr std::size_t kReadBytes = 256 * 1024;

class FloorServer;

class Connection final : public chirm::WsHandler {
 public:
  Connection(FloorServer& server, int fd, std::size_t number);

  // Returns false when the connection is to be closed.
  bool take(std::string_view bytes);
  // Sends the replies and, to a subscriber, `turn`. Returns false when the peer is gone.
  bool flush(std::string_view turn);

  int fd() const { return fd_; }
  bool is_subscribed() const { return is_subscribed_; }
  std::size_t place = 0;      // among the subscribers
  std::size_t turn_skip = 0;  // what of this turn was published before it subscribed, bytes
  bool is_listed = false;     // True exactly while it is on the turn's list of those with replies.

 private:
  bool on_message(std::string_view payload) override;
  bool on_ping(std::string_view payload) override;
  bool on_pong(std::string_view) override { return true; }
  bool on_close(std::uint16_t, std::string_view) override { return false; }
  bool on_command(std::string_view line);
  void keep_unsent(std::string_view turn, std::size_t sent);

  FloorServer& server_;
  int fd_;
  std::string client_;
  std::string user_;
  std::string head_;     // of the upgrade request, until it is complete
  std::string replies_;  // to go before the turn's publications
  std::string unsent_;   // what the kernel did not take
  bool is_upgraded_ = false;
  bool is_subscribed_ = false;
  bool is_closing_ = false;
  chirm::WsDecoder decoder_;
};

// Of the turns in which there is something to deliver, each n-th goes wrong for one subscriber. 0:
// none.
struct Faults {
  std::uint64_t drop_every = 0;
  std::uint64_t double_every = 0;
};

class FloorServer {
 public:
  FloorServer(int listener, const Faults& faults)
      : listener_(listener), epoll_(epoll_create1(EPOLL_CLOEXEC)), faults_(faults) {
    watch(listener_, nullptr, EPOLLIN, EPOLL_CTL_ADD);
  }

  void run() {
    std::array<epoll_event, kEventsMax> events;
    while (true) {
      const int count = epoll_wait(epoll_, events.data(), kEventsMax, -1);
      if (count < 0 && errno != EINTR) std::abort();
      for (int i = 0; i < count; ++i) {
        const epoll_event& event = events[static_cast<std::size_t>(i)];
        if (event.data.ptr == nullptr) {
          accept_all();
        } else {
          serve(*static_cast<Connection*>(event.data.ptr), event.events);
        }
      }
      // Only now, when all that was readable has been taken in: that is what makes the writes few.
      end_turn();
    }
  }

  void subscribe(Connection& connection) {
    connection.place = subscribers_.size();
    // Its reply says up to which offset it is: what the turn has published so far is not for it.
    connection.turn_skip = turn_.size();
    subscribers_.push_back(&connection);
  }
  void publish(std::string_view channel, std::string_view body) {
    json_.clear();
    chirm::append_publication_push(json_, channel, body, ++offset_);
    encoder.append(turn_, Opcode::kText, json_);
  }
  void wants_flush(Connection& connection) {
    // Once a turn, however many replies there are.
    if (std::exchange(connection.is_listed, true)) return;
    with_replies_.push_back(&connection);
  }
  void watch(int fd, Connection* connection, std::uint32_t events, int operation) const {
    epoll_event event{events, {.ptr = connection}};
    if (epoll_ctl(epoll_, operation, fd, &event) != 0) std::abort();
  }
  std::uint64_t offset() const { return offset_; }

  chirm::WsDecoderPool pool{chirm::WsRole::kServer, chirm::limits::kMessageBytes};
  chirm::WsEncoder encoder{chirm::WsRole::kServer};
  chirm::CommandDecoder decoder;

 private:
  void accept_all() {
    while (true) {
      const int fd = accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
      if (fd < 0) return;
      const int on = 1;
      (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);  // an optimisation
      watch(fd, new Connection(*this, fd, ++accepted_), EPOLLIN, EPOLL_CTL_ADD);
    }
  }
  void serve(Connection& connection, std::uint32_t events) {
    if ((events & EPOLLOUT) != 0 && !connection.flush({})) return drop(connection);
    if ((events & ~static_cast<std::uint32_t>(EPOLLOUT)) == 0) return;
    const ssize_t got = recv(connection.fd(), read_.data(), kReadBytes, 0);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (got <= 0 || !connection.take({read_.data(), static_cast<std::size_t>(got)})) {
      drop(connection);
    }
  }
  void drop(Connection& connection) {
    close(connection.fd());
    if (connection.is_subscribed()) {
      // The last one takes its place: nobody's order matters, and leaving costs the same for all.
      subscribers_[connection.place] = subscribers_.back();
      subscribers_[connection.place]->place = connection.place;
      subscribers_.pop_back();
    }
    std::erase(with_replies_, &connection);
    delete &connection;
  }
  void end_turn() {
    if (!turn_.empty()) {
      ++turns_;
      for (std::size_t i = 0; i < subscribers_.size();) {
        Connection& subscriber = *subscribers_[i];
        const std::size_t skip = std::exchange(subscriber.turn_skip, 0);
        std::string_view due = std::string_view(turn_).substr(skip);
        // Always the same one goes wrong, so that the others show what right would have been.
        if (i == subscribers_.size() - 1) due = with_faults(due);
        if (subscriber.flush(due)) {
          ++i;
        } else {
          // Another subscriber is in its place now: the same place once more.
          drop(subscriber);
        }
      }
      turn_.clear();
    }
    while (!with_replies_.empty()) {
      Connection& connection = *with_replies_.back();
      with_replies_.pop_back();
      connection.is_listed = false;
      if (!connection.flush({})) drop(connection);
    }
  }

  // What the turn's last subscriber gets. Valid until the next call.
  std::string_view with_faults(std::string_view due) {
    const auto is_due = [this](std::uint64_t every) { return every != 0 && turns_ % every == 0; };
    if (is_due(faults_.drop_every)) return {};
    if (!is_due(faults_.double_every)) return due;
    doubled_.assign(due).append(due);
    return doubled_;
  }

  int listener_;
  int epoll_;
  Faults faults_;
  std::uint64_t turns_ = 0;  // with something to deliver
  std::string doubled_;
  std::uint64_t accepted_ = 0;
  std::uint64_t offset_ = 0;
  std::string json_;
  std::string turn_;  // the frames published in this turn
  std::vector<Connection*> subscribers_;
  std::vector<Connection*> with_replies_;
  std::vector<char> read_ = std::vector<char>(kReadBytes);
};

Connection::Connection(FloorServer& server, int fd, std::size_t number)
    : server_(server), fd_(fd), client_("c" + std::to_string(number)), decoder_(server.pool) {}

bool Connection::take(std::string_view bytes) {
  // The client may send its first frames behind the request without waiting for the answer.
  if (!is_upgraded_) {
    head_.append(bytes);
    const auto request = chirm::parse_http_request(head_);
    if (!request) return false;
    if (!*request) return true;
    const auto response = chirm::accept_upgrade(**request);
    if (!response) return false;
    replies_.append(*response);
    is_upgraded_ = true;
    server_.wants_flush(*this);
    const std::string rest = std::exchange(head_, {}).substr((*request)->head_bytes);
    return rest.empty() || take(rest);
  }
  return !decoder_.feed(bytes, *this) && !is_closing_;
}

bool Connection::on_message(std::string_view payload) {
  const bool is_fine =
      chirm::for_each_line(payload, [this](std::string_view line) { return on_command(line); });
  if (!is_fine) is_closing_ = true;
  if (!replies_.empty()) server_.wants_flush(*this);
  return !is_closing_;
}

bool Connection::on_ping(std::string_view payload) {
  server_.encoder.append(replies_, Opcode::kPong, payload);
  server_.wants_flush(*this);
  return true;
}

bool Connection::on_command(std::string_view line) {
  const auto command = server_.decoder.decode(line);
  if (!command) {
    is_closing_ = true;
    return false;
  }
  std::string json;
  if (const auto* connect = std::get_if<chirm::ConnectCommand>(&command->method)) {
    user_ = connect->data_name;
    chirm::ConnectResult result;
    result.client = client_;
    result.version = "floor";
    chirm::append_connect_reply(json, command->id, result);
  } else if (std::holds_alternative<chirm::SubscribeCommand>(command->method)) {
    if (!std::exchange(is_subscribed_, true)) server_.subscribe(*this);
    chirm::SubscribeResult result;
    result.position = {.offset = server_.offset(), .epoch = kEpoch};
    chirm::append_subscribe_reply(json, command->id, result);
  } else if (const auto* publish = std::get_if<chirm::PublishCommand>(&command->method)) {
    std::string body;
    chirm::append_publication_body(body, publish->data, {user_, client_, {}}, 0);
    server_.publish(publish->channel, body);
    chirm::append_publish_reply(json, command->id, {.offset = server_.offset(), .epoch = kEpoch});
  } else if (command->id != 0) {
    chirm::append_error_reply(json, command->id, chirm::errors::kNotAvailable);
  } else {
    return true;  // a pong
  }
  server_.encoder.append(replies_, Opcode::kText, json);
  return true;
}

bool Connection::flush(std::string_view turn) {
  // In order: nothing may overtake what the kernel has not taken yet.
  if (!unsent_.empty()) {
    unsent_.append(replies_).append(turn);
    replies_.clear();
    const ssize_t sent = send(fd_, unsent_.data(), unsent_.size(), MSG_NOSIGNAL);
    if (sent < 0) return errno == EAGAIN;
    unsent_.erase(0, static_cast<std::size_t>(sent));
    if (unsent_.empty()) server_.watch(fd_, this, EPOLLIN, EPOLL_CTL_MOD);
    return true;
  }
  if (replies_.empty() && turn.empty()) return true;
  ssize_t sent;
  if (replies_.empty()) {
    sent = send(fd_, turn.data(), turn.size(), MSG_NOSIGNAL);
  } else {
    iovec parts[]{{replies_.data(), replies_.size()},
                  {const_cast<char*>(turn.data()), turn.size()}};
    msghdr message{};
    message.msg_iov = parts;
    message.msg_iovlen = turn.empty() ? 1 : 2;
    sent = sendmsg(fd_, &message, MSG_NOSIGNAL);
  }
  // Nothing taken is no error: all of it waits for EPOLLOUT then.
  if (sent < 0 && errno != EAGAIN) return false;
  keep_unsent(turn, sent < 0 ? 0 : static_cast<std::size_t>(sent));
  return true;
}

void Connection::keep_unsent(std::string_view turn, std::size_t sent) {
  if (sent < replies_.size()) {
    unsent_.append(replies_, sent).append(turn);
  } else if (sent < replies_.size() + turn.size()) {
    unsent_.append(turn.substr(sent - replies_.size()));
  }
  replies_.clear();
  if (!unsent_.empty()) server_.watch(fd_, this, EPOLLIN | EPOLLOUT, EPOLL_CTL_MOD);
}

int listen_on(std::uint16_t port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  const int on = 1;
  (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);  // bind tells if it mattered
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 ||
      listen(fd, SOMAXCONN) != 0) {
    std::fprintf(stderr, "chirm-floor: cannot listen on 127.0.0.1:%u: %s\n", port,
                 std::strerror(errno));
    std::exit(1);
  }
  socklen_t length = sizeof address;
  (void)getsockname(fd, reinterpret_cast<sockaddr*>(&address), &length);  // fd is a bound socket
  std::printf("listening on 127.0.0.1:%u\n", ntohs(address.sin_port));
  (void)std::fflush(stdout);
  return fd;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{"The plain epoll server that chirmd is measured against: one room, no history."};
  std::uint16_t port = 8080;
  app.add_option("--port", port, "Port on 127.0.0.1; 0 lets the system choose")
      ->capture_default_str();
  Faults faults;
  app.add_option("--drop-every", faults.drop_every,
                 "One subscriber gets nothing of each N-th turn's publications; 0: never");
  app.add_option("--double-every", faults.double_every, "... gets them twice");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  rlimit files{};
  (void)getrlimit(RLIMIT_NOFILE, &files);  // without it the soft limit stays as it is
  // As many connections as the system allows: each is an open file.
  files.rlim_cur = files.rlim_max;
  (void)setrlimit(RLIMIT_NOFILE, &files);
  FloorServer(listen_on(port), faults).run();
}

// SPDX-License-Identifier: MIT
#include "core/server/acceptor.h"

#include <spdlog/spdlog.h>
#include <sys/resource.h>

#include <utility>

#include "core/base/check.h"
#include "core/loop/loop.h"
#include "core/server/connection.h"
#include "core/server/connection_context.h"
#include "core/server/connection_registry.h"
#include "core/server/listener.h"
#include "core/server/server_counters.h"
#include "core/server/server_settings.h"

namespace chirm {

namespace {

// Descriptors for everything that is not a client: the loop, Redis, files, the listener. Without
// them a node at its limit could neither reopen its link to the store nor answer a health check.
constexpr std::uint64_t kReservedFiles = 64;
// Of them, for health checks when clients have taken all others.
constexpr std::uint64_t kSpareFiles = 16;
// Under a storm of connections accepting pauses many times a second; the counter has them all.
constexpr std::uint64_t kPauseLogPeriodMs = 10'000;

std::uint64_t files_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return UINT32_MAX;
  return limit.rlim_cur;
}

}  // namespace

Acceptor::Acceptor(Loop& loop, ConnectionContext& context, ConnectionRegistry& connections)
    : loop_(loop), context_(context), connections_(connections), files_max_(files_limit()) {}

Acceptor::~Acceptor() = default;

Expected<void, Error> Acceptor::listen() {
  CHIRM_CHECK(listener_ == nullptr);
  auto listener = open(context_.settings.port, HttpService::kAll);
  if (!listener) return Unexpected<Error>(listener.error());
  if (context_.settings.redirect_port != 0) {
    auto redirect_listener = open(context_.settings.redirect_port, HttpService::kRedirect);
    if (!redirect_listener) return Unexpected<Error>(redirect_listener.error());
    redirect_listener_ = std::move(*redirect_listener);
  }
  listener_ = std::move(*listener);
  return {};
}

Expected<std::unique_ptr<Listener>, Error> Acceptor::open(std::uint16_t port, HttpService service) {
  auto socket = listen_tcp(context_.settings.listen, port);
  if (!socket) return Unexpected<Error>(socket.error());
  return std::make_unique<Listener>(
      loop_, std::move(*socket),
      [this, service](Socket accepted) { return accept(std::move(accepted), service); },
      [this](const char* why) { note_pause(why); });
}

void Acceptor::close() {
  listener_.reset();
  redirect_listener_.reset();
}

void Acceptor::drop_pending() {
  for (Listener* listener : {listener_.get(), redirect_listener_.get()}) {
    if (listener != nullptr) listener->drop_pending();
  }
}

std::uint16_t Acceptor::port() const { return listener_ ? listener_->port() : 0; }

// Reckoned and not found out by EMFILE, which would come when the reserve is used up as well. A
// limit that is small itself is shared half and half.
std::uint64_t Acceptor::connections_max() const {
  return files_max_ > 2 * kReservedFiles ? files_max_ - kReservedFiles : files_max_ / 2;
}

bool Acceptor::has_files() const {
  return context_.counters.connections < connections_max() + kSpareFiles;
}

bool Acceptor::accept(Socket socket, HttpService service) {
  ++context_.counters.accepted;
  // Whoever holds an HTTP connection open and asks nothing gives way first.
  if (context_.counters.connections >= connections_max() && !connections_.give_way() &&
      service == HttpService::kAll) {
    service = HttpService::kHealth;
  }
  auto connection = std::make_unique<Connection>(context_, std::move(socket));
  if (is_for_health(*connection)) service = HttpService::kHealth;
  const bool is_possible = service != HttpService::kHealth ||
                           context_.counters.spare_connections < kSpareFiles ||
                           connections_.give_way();
  if (is_possible && connection->start(service)) connections_.add(std::move(connection));
  if (has_files()) return true;
  note_pause("the limit of open files (ulimit -n) is nearly reached");
  return false;
}

// Whoever has as many sockets as an address may have gives way to itself first. What is left for
// this machine are health checks, as whoever else is here may have taken all of its sockets.
bool Acceptor::is_for_health(const Connection& connection) {
  const auto network = connection.network();
  if (!network || context_.budgets.has_room_for_socket(*network)) return false;
  if (connections_.give_way(*network) || !is_loopback_network(*network)) return false;
  context_.budgets.count_refusal("address_connections");
  return true;
}

void Acceptor::note_pause(const char* why) {
  ++context_.counters.accept_pauses;
  const std::uint64_t now_ms = loop_.now_ms();
  if (pause_logged_ms_ != 0 && now_ms - pause_logged_ms_ < kPauseLogPeriodMs) return;
  pause_logged_ms_ = now_ms;
  spdlog::warn("accepting paused: {}; {} connections are open", why, context_.counters.connections);
}

void Acceptor::resume_if_possible() {
  if (!has_files()) return;
  for (Listener* listener : {listener_.get(), redirect_listener_.get()}) {
    if (listener != nullptr && listener->is_paused()) listener->resume();
  }
}

}  // namespace chirm

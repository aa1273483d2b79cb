// SPDX-License-Identifier: MIT
#include "core/server/server.h"

#include <spdlog/spdlog.h>
#include <sys/resource.h>

#include <algorithm>

#include "core/base/version.h"
#include "core/rooms/rooms.h"
#include "core/server/admin/process_usage.h"
#include "core/server/connection.h"
#include "core/server/http/auth_routes.h"
#include "core/server/listener.h"
#include "core/server/metrics.h"
#include "core/server/readiness.h"
#include "protocol/limits.h"

namespace chirm {

namespace {

constexpr std::size_t kReadBytes = 64 * 1024;
// Descriptors for everything that is not a client: the loop, Redis, files, the listener.
constexpr std::uint64_t kReservedFiles = 64;
constexpr std::uint64_t kPauseLogPeriodMs = 10'000;
constexpr std::uint64_t kDrainTickMs = 100;

std::uint64_t files_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return UINT32_MAX;
  return limit.rlim_cur;
}

constexpr std::string_view kWelcome =
    "chirm is running. Connect with: chirm --url ws://THIS_HOST/connection/websocket --name YOU\n";

std::unique_ptr<Revocations> make_revocations(Loop& loop, Broker& broker,
                                              const ChatSettings& chat) {
  if (chat.is_insecure) return nullptr;
  return std::make_unique<Revocations>(loop, broker.documents());
}

std::unique_ptr<Accounts> make_accounts(Loop& loop, Broker& broker, const AccountSettings& settings,
                                        Revocations* revocations) {
  if (revocations == nullptr || !settings.is_on) return nullptr;
  return std::make_unique<Accounts>(loop, broker.documents(), *revocations, settings);
}

}  // namespace

Server::Server(Loop& loop, Broker& broker, ServerSettings settings, ChatSettings chat_settings)
    : loop_(loop),
      broker_(broker),
      settings_(std::move(settings)),
      chat_settings_(std::move(chat_settings)),
      poller_(loop),
      wheel_(loop),
      decoder_pool_(WsRole::kServer, limits::kMessageBytes),
      encoder_(WsRole::kServer),
      revocations_(make_revocations(loop, broker, chat_settings_)),
      accounts_(make_accounts(loop, broker, settings_.accounts, revocations_.get())),
      authenticator_(chat_settings_, accounts_.get(), revocations_.get()),
      hub_(loop, broker, encoder_, chat_settings_, chat_counters_),
      session_context_{hub_,           chat_settings_, authenticator_,
                       wheel_,         encoder_,       command_decoder_,
                       chat_counters_, random_,        directory_},
      survey_(loop, broker.nodes()),
      session_control_(survey_, hub_, directory_, settings_.node_name),
      board_(loop, broker.nodes(), [this] { return measure(); }),
      api_methods_(broker, hub_.presence(), authenticator_, session_control_, board_,
                   session_context_),
      api_(settings_.api_key, api_methods_),
      admin_rpc_(session_control_, board_, {broker, revocations_.get(), accounts_.get()}),
      read_buffer_(kReadBytes + limits::kJsonPadding, '\0'),
      files_max_(files_limit()),
      start_ms_(loop.now_ms()),
      drain_timer_(loop, [this] { drain_some(); }) {
  if (revocations_) {
    revocations_->on_revoked = [this](const std::string& user, std::uint64_t sign_in) {
      close_sessions(user, sign_in);
    };
  }
  add_routes();
  api_.add_routes(router_);
  if (!chat_settings_.is_insecure) {
    admin_rpc_.add_methods(rpc_);
    rooms_ = std::make_unique<Rooms>(hub_, directory_, chat_settings_, rpc_);
    if (accounts_) {
      accounts_->guest_sweep().forget = [this](const std::string& guest, auto done) {
        rooms_->forget_guest(guest, std::move(done));
      };
    }
    session_context_.rpc = &rpc_;
    session_context_.access = rooms_.get();
  }
  loop_.add_turn_end_hook([this] { return end_turn(); });
}

Server::~Server() {
  while (Connection* connection = connections_.pop_front()) delete connection;
  while (Connection* connection = leaving_.pop_front()) delete connection;
  while (Connection* connection = graveyard_.pop_front()) delete connection;
}

Expected<void, Error> Server::listen() {
  auto socket = listen_tcp(settings_.listen, settings_.port);
  if (!socket) return Unexpected<Error>(socket.error());
  listener_ = std::make_unique<Listener>(
      loop_, std::move(*socket), [this](Socket accepted) { return accept(std::move(accepted)); });
  listener_->on_exhausted = [this](const char* why) {
    ++counters_.accept_pauses;
    if (loop_.now_ms() - pause_logged_ms_ < kPauseLogPeriodMs && pause_logged_ms_ != 0) return;
    pause_logged_ms_ = loop_.now_ms();
    spdlog::warn("accepting paused: {}; {} connections are open", why, counters_.connections);
  };
  return {};
}

std::uint16_t Server::port() const { return listener_ ? listener_->port() : 0; }

std::optional<HttpError> Server::refusal() const {
  if (is_stopping_) return HttpError{503, "this node is stopping"};
  if (settings_.connections_max != 0 && chat_counters_.sessions >= settings_.connections_max) {
    return HttpError{503, "this node has as many connections as it may have"};
  }
  if (broker_.health() == Health::kAway) {
    return HttpError{503, "this node cannot reach its store"};
  }
  return std::nullopt;
}

bool Server::has_files() const {
  return counters_.connections <
         (files_max_ > 2 * kReservedFiles ? files_max_ - kReservedFiles : files_max_ / 2);
}

bool Server::accept(Socket socket) {
  ++counters_.accepted;
  auto connection = std::make_unique<Connection>(*this, std::move(socket));
  if (connection->start()) connections_.push_back(*connection.release());
  if (has_files()) return true;
  listener_->on_exhausted("the limit of open files (ulimit -n) is nearly reached");
  return false;
}

void Server::bury(Connection& connection) { graveyard_.push_back(connection); }

Loop::TurnEnd Server::end_turn() {
  broker_.flush();
  const Loop::TurnEnd more = hub_.flush();
  while (Connection* connection = graveyard_.pop_front()) delete connection;
  if (listener_ && listener_->is_paused() && has_files()) {
    listener_->resume();
  }
  if (on_stopped_ && connections_.empty() && leaving_.empty())
    std::exchange(on_stopped_, nullptr)();
  return more;
}

void Server::stop(std::function<void()> on_stopped) {
  listener_.reset();
  is_stopping_ = true;
  on_stopped_ = std::move(on_stopped);
  to_drain_ = counters_.connections;
  drain_some();
  drain_timer_.start_repeating(kDrainTickMs);
}

// By tick k of n, k/n of all that were there have been sent away.
void Server::drain_some() {
  ++drain_ticks_;
  const std::uint64_t limit_ms = 1000ULL * (settings_.drain_s + settings_.close_timeout_s);
  if (drain_ticks_ * kDrainTickMs > limit_ms && on_stopped_) {
    return std::exchange(on_stopped_, nullptr)();  // some publish was never answered
  }
  const std::uint64_t ticks =
      std::max<std::uint64_t>(1, 1000ULL * settings_.drain_s / kDrainTickMs);
  const std::uint64_t due = (to_drain_ * drain_ticks_ + ticks - 1) / ticks;
  for (; drained_ < due; ++drained_) {
    Connection* connection = connections_.pop_front();
    if (connection == nullptr) break;
    leaving_.push_back(*connection);
    connection->drain();
  }
}

std::string Server::metrics() const {
  return metrics_text(counters_, chat_counters_, broker_.counters(), broker_.stores(),
                      loop_.turns(),
                      accounts_ ? std::optional(accounts_->counters()) : std::nullopt);
}

NodeStatistics Server::measure() {
  NodeStatistics now;
  now.node = settings_.node_name.empty() ? std::to_string(port()) : settings_.node_name;
  now.version = kVersion;
  now.uptime_s = (loop_.now_ms() - start_ms_) / 1000;
  now.connections = chat_counters_.sessions;
  now.users = directory_.all().size();
  now.channels = chat_counters_.channels;
  now.subscriptions = chat_counters_.subscriptions;
  now.published = broker_.counters().published;
  now.delivered = chat_counters_.deliveries;
  now.delivery = recent_deliveries_.look(chat_counters_.delivery);
  now.loop_lag = recent_turns_.look(loop_.turns());
  now.slow_readers = hub_.slow_readers().size();
  const ProcessUsage usage = process_usage();
  now.memory_bytes = usage.memory_bytes;
  now.cpu_ms = usage.cpu_ms;
  return now;
}

HttpResponse Server::readiness() const {
  if (is_stopping_) return text_response(503, "stopping\n");
  if (broker_.health() != Health::kReady) {
    return text_response(503, problems_text(broker_.stores(), Loop::unix_ms()));
  }
  if (!authenticator_.is_ready()) return text_response(503, "reading who may sign in\n");
  return text_response(200, "ok\n");
}

HttpResponse Server::file(const HttpRequest& request) const {
  if (auto found = static_response(settings_.web_files, request)) return std::move(*found);
  return request.path() == "/" ? text_response(200, kWelcome) : text_response(404, "not found\n");
}

// 0: all of the user's.
void Server::close_sessions(const std::string& user, std::uint64_t sign_in) {
  const auto found = directory_.of_user(user);
  // Closing takes them out of the directory.
  for (Session* session : std::vector(found.begin(), found.end())) {
    if (sign_in == 0 || session->sign_in() == sign_in) session->close(disconnects::kInvalidToken);
  }
}

void Server::add_routes() {
  add_auth_routes(router_, accounts_.get(), chat_settings_.tokens.has_any());
  const auto add = [this](const char* path, std::function<HttpResponse()> make) {
    router_.add({"GET", path, [make = std::move(make)](const HttpCall&, const HttpAnswer& answer) {
                   answer(make());
                 }});
  };
  router_.set_fallback(
      [this](const HttpCall& call, const HttpAnswer& answer) { answer(file(call.request)); });
  add("/healthz", [] { return text_response(200, "ok\n"); });
  add("/readyz", [this] { return readiness(); });
  add("/metrics", [this] {
    return HttpResponse{200, "text/plain; version=0.0.4; charset=utf-8", metrics()};
  });
}

}  // namespace chirm

// SPDX-License-Identifier: MIT
#include "core/server/server.h"

#include <spdlog/spdlog.h>

#include <utility>

#include "core/accounts/accounts.h"
#include "core/accounts/revocations.h"
#include "core/audit/audit_log.h"
#include "core/base/check.h"
#include "core/base/random.h"
#include "core/broker/broker.h"
#include "core/chat/authenticator.h"
#include "core/chat/chat_counters.h"
#include "core/chat/chat_settings.h"
#include "core/chat/hub.h"
#include "core/chat/rpc.h"
#include "core/chat/session.h"
#include "core/chat/session_directory.h"
#include "core/limits/budgets.h"
#include "core/loop/loop.h"
#include "core/loop/poller.h"
#include "core/loop/timer_wheel.h"
#include "core/rooms/rooms.h"
#include "core/server/acceptor.h"
#include "core/server/admin/administration.h"
#include "core/server/admin/node_meter.h"
#include "core/server/admission.h"
#include "core/server/connection_context.h"
#include "core/server/connection_registry.h"
#include "core/server/drain.h"
#include "core/server/http/auth_routes.h"
#include "core/server/http/http_exchange.h"
#include "core/server/http/http_router.h"
#include "core/server/metrics.h"
#include "core/server/server_counters.h"
#include "core/server/server_settings.h"
#include "core/tls/tls_context.h"
#include "core/tls/tls_session.h"
#include "protocol/limits.h"
#include "protocol/ws_decoder.h"
#include "protocol/ws_encoder.h"

namespace chirm {

namespace {

// What a client has sent beyond that waits for the next turn: no one client has a turn for itself.
constexpr std::size_t kReadBytes = 64 * 1024;

// A handshake takes 0.2 ms with an ECDSA key of 256 bits, and 1 ms with an RSA key of 2,048.
constexpr int kHandshakesPerTurn = 8;

constexpr std::string_view kWelcome =
    "chirm is running. Connect with: chirm --url ws://THIS_HOST/connection/websocket --name YOU\n";

// Somebody was revoked, here or on another node: their connections end. `sign_in` 0: all of the
// user's.
void close_sessions(const SessionDirectory& directory, const std::string& user,
                    std::uint64_t sign_in) {
  const auto found = directory.of_user(user);
  // A copy, because closing takes them out of the directory.
  for (Session* session : std::vector(found.begin(), found.end())) {
    if (sign_in == 0 || session->sign_in() == sign_in) session->close(disconnects::kInvalidToken);
  }
}

HttpResponse page(const ServerSettings& settings, const HttpRequest& request) {
  if (auto found = static_response(settings.web_files, request)) return std::move(*found);
  return request.path() == "/" ? text_response(200, kWelcome) : text_response(404, "not found\n");
}

void add_get(HttpRouter& router, const char* path, std::function<HttpResponse()> make) {
  router.add({"GET", path, [make = std::move(make)](const HttpCall&, const HttpAnswer& answer) {
                answer(make());
              }});
}

}  // namespace

// In the order in which they need each other: a part is given what stands above it. Tables that
// parts add to (routes, methods) stand above those who look things up in them.
// 30 members and no fewer: they are what the whole program consists of.
struct Server::Parts {
  Parts(Loop& its_loop, Broker& its_broker, ServerSettings its_settings, ChatSettings its_chat);
  ~Parts();

  std::unique_ptr<Revocations> make_revocations();
  std::unique_ptr<Rooms> make_rooms();
  std::unique_ptr<Accounts> make_accounts();
  void add_routes();
  Expected<void, Error> load_certificate();
  Expected<void, Error> open_audit_log();
  Loop::TurnEnd end_turn();
  void on_pause(std::uint64_t ms);
  void check() const;

  Loop& loop;
  Broker& broker;
  const ServerSettings settings;
  const ChatSettings chat_settings;
  ServerCounters counters;
  ChatCounters chat_counters;
  AuditLog audit;
  Poller poller;
  TimerWheel wheel;
  WsDecoderPool decoder_pool;
  WsEncoder encoder;
  CommandDecoder command_decoder;
  Random random;
  SessionDirectory directory;
  Budgets budgets;
  Hub hub;
  RpcTable methods;
  const std::unique_ptr<Revocations> revocations;  // null in insecure mode
  const std::unique_ptr<Rooms> rooms;              // null in insecure mode
  const std::unique_ptr<Accounts> accounts;        // null where there are none
  const Authenticator authenticator;
  SessionContext session_context;
  HttpRouter router;
  Admission admission;
  ConnectionRegistry connections;
  HttpContext http_context;
  ConnectionContext connection_context;
  Acceptor acceptor;
  Drain drain;
  const Metrics metrics;
  NodeMeter meter;
  Administration administration;
  const Loop::TurnEndHook hook;
};

Server::Parts::Parts(Loop& its_loop, Broker& its_broker, ServerSettings its_settings,
                     ChatSettings its_chat)
    : loop(its_loop),
      broker(its_broker),
      settings(std::move(its_settings)),
      chat_settings(std::move(its_chat)),
      audit(loop, settings.node_name),
      poller(loop),
      wheel(loop),
      decoder_pool(WsRole::kServer, limits::kMessageBytes),
      encoder(WsRole::kServer),
      budgets(chat_settings.is_insecure ? LimitSettings{.is_on = false} : chat_settings.limits),
      hub(loop, broker, encoder, chat_settings, chat_counters),
      revocations(make_revocations()),
      rooms(make_rooms()),
      accounts(make_accounts()),
      authenticator(loop, chat_settings, accounts.get(), revocations.get()),
      session_context{.hub = hub,
                      .settings = chat_settings,
                      .authenticator = authenticator,
                      .wheel = wheel,
                      .encoder = encoder,
                      .decoder = command_decoder,
                      .counters = chat_counters,
                      .random = random,
                      .directory = directory,
                      .rpc = chat_settings.is_insecure ? nullptr : &methods,
                      .access = rooms.get(),
                      .budgets = &budgets,
                      .audit = &audit},
      admission(loop, settings, chat_counters, broker, authenticator),
      http_context{settings, counters, router, admission, audit},
      connection_context{.settings = settings,
                         .counters = counters,
                         .poller = poller,
                         .wheel = wheel,
                         .decoder_pool = decoder_pool,
                         .sessions = session_context,
                         .http = http_context,
                         .lists = connections.lists(),
                         .budgets = budgets,
                         .handshakes_left = kHandshakesPerTurn,
                         .read_buffer = std::string(kReadBytes + limits::kJsonPadding, '\0')},
      acceptor(loop, connection_context, connections),
      drain(loop, settings, counters, connections),
      metrics(loop, counters, chat_counters, budgets.counters(), audit.counters(), broker,
              accounts.get()),
      meter({loop, broker, hub, directory, chat_counters}),
      administration({.loop = loop,
                      .broker = broker,
                      .hub = hub,
                      .directory = directory,
                      .authenticator = authenticator,
                      .revocations = revocations.get(),
                      .accounts = accounts.get(),
                      .access = rooms.get(),
                      .audit = audit,
                      .measure =
                          [this] {
                            return meter.measure(settings.node_name.empty()
                                                     ? std::to_string(acceptor.port())
                                                     : settings.node_name);
                          }},
                     settings.node_name,
                     {.key = settings.api_key,
                      .is_throttled = settings.accounts.is_throttled,
                      .audit = &audit},
                     router, methods),
      hook(loop.add_turn_end_hook([this] { return end_turn(); })) {
  add_routes();
  loop.watch_pauses(settings.pause_max_ms, [this](std::uint64_t ms) { on_pause(ms); });
}

// Connections go before all else: their sessions leave the hub and the directory as they do.
Server::Parts::~Parts() {
  loop.watch_pauses(0, nullptr);
  connections.clear();
}

std::unique_ptr<Revocations> Server::Parts::make_revocations() {
  if (chat_settings.is_insecure) return nullptr;
  return std::make_unique<Revocations>(loop, broker.documents(),
                                       [this](const std::string& user, std::uint64_t sign_in) {
                                         close_sessions(directory, user, sign_in);
                                       });
}

std::unique_ptr<Rooms> Server::Parts::make_rooms() {
  if (chat_settings.is_insecure) return nullptr;
  return std::make_unique<Rooms>(hub, directory, chat_settings, methods, &budgets);
}

std::unique_ptr<Accounts> Server::Parts::make_accounts() {
  if (revocations == nullptr || !settings.accounts.is_on) return nullptr;
  return std::make_unique<Accounts>(
      loop, broker.documents(), *revocations, settings.accounts,
      [this](const std::string& guest, auto done) { rooms->forget_guest(guest, std::move(done)); });
}

void Server::Parts::add_routes() {
  add_auth_routes(router, accounts.get(), chat_settings.tokens.has_any(), settings.allowed_origins,
                  audit);
  router.set_fallback([this](const HttpCall& call, const HttpAnswer& answer) {
    answer(page(settings, call.request));
  });
  // Alive is whoever answers at all: a node that is not ready must not be restarted for it.
  add_get(router, "/healthz", [] { return text_response(200, "ok\n"); });
  add_get(router, "/readyz", [this] { return admission.readiness(); });
  add_get(router, "/metrics", [this] {
    return HttpResponse{200, "text/plain; version=0.0.4; charset=utf-8", metrics.text()};
  });
}

// The order counts. A store within this process answers in its flush, so what was published in this
// turn is part of this turn's fan-out. Connections that have ended are deleted when nothing of
// theirs is on the stack any more, and only then are their files free for others.
Loop::TurnEnd Server::Parts::end_turn() {
  broker.flush();
  const Loop::TurnEnd more = hub.flush();
  connections.bury();
  connection_context.handshakes_left = kHandshakesPerTurn;
  acceptor.resume_if_possible();
  if constexpr (kChecksInvariants) check();
  drain.finish_if_empty();  // last, for it may end the program
  return more;
}

// What clients sent before or during the pause, they may have sent again since, through another
// node, and the store may have forgotten that: it is not used. That of a connection nobody can tell
// from what it sends now (of a machine that was paused, packets may still be on their way), so all
// connections end. Whoever is still there comes back with their positions, and tries again.
void Server::Parts::on_pause(std::uint64_t ms) {
  ++counters.pauses;
  spdlog::warn(
      "this process did not run for {} ms: what waited meanwhile is refused, and {} connections "
      "are closed",
      ms, counters.connections);
  broker.refuse_waiting();  // first, so that those who wait for an answer are told to try again
  acceptor.drop_pending();
  connections.drop_all();
}

void Server::Parts::check() const {
  poller.check();
  wheel.check();
  connections.check(counters.connections);
  budgets.check();
}

Server::Server(Loop& loop, Broker& broker, ServerSettings settings, ChatSettings chat_settings)
    : parts_(std::make_unique<Parts>(loop, broker, std::move(settings), std::move(chat_settings))) {
}

Server::~Server() = default;

Expected<void, Error> Server::Parts::load_certificate() {
  if (settings.tls.certificate.empty()) return {};
  auto made = TlsContext::make_server(settings.tls);
  if (!made) return Unexpected<Error>(made.error());
  connection_context.tls = std::move(*made);
  connection_context.plain_buffer.resize(TlsSession::kRecordBytes + limits::kJsonPadding);
  counters.tls_expires_at = static_cast<std::uint64_t>(connection_context.tls->expires_at());
  return {};
}

Expected<void, Error> Server::Parts::open_audit_log() {
  return settings.audit_log.empty() ? Expected<void, Error>() : audit.open(settings.audit_log);
}

Expected<void, Error> Server::listen() {
  if (auto opened = parts_->open_audit_log(); !opened) return opened;
  if (auto loaded = parts_->load_certificate(); !loaded) return loaded;
  return parts_->acceptor.listen();
}

Expected<void, Error> Server::reload() {
  const auto opened = parts_->open_audit_log();
  const auto loaded = parts_->load_certificate();
  return opened ? loaded : opened;
}

std::uint16_t Server::port() const { return parts_->acceptor.port(); }

void Server::stop(std::function<void()> on_stopped) {
  // First of all nobody new, or the drain would have no end.
  parts_->acceptor.close();
  parts_->admission.begin_stopping();
  parts_->drain.begin(std::move(on_stopped));
}

HttpRouter& Server::router() { return parts_->router; }

std::string Server::metrics() const { return parts_->metrics.text(); }

Accounts* Server::accounts() { return parts_->accounts.get(); }

Revocations* Server::revocations() { return parts_->revocations.get(); }

}  // namespace chirm

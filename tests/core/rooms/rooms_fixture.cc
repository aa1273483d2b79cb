// SPDX-License-Identifier: MIT
#include "tests/core/rooms/rooms_fixture.h"

#include <stdexcept>

#include "core/accounts/revocations.h"
#include "core/broker/memory/memory_broker.h"
#include "core/broker/redis/redis_broker.h"
#include "core/broker/sqlite/sqlite_broker.h"
#include "protocol/json.h"
#include "protocol/json_fields.h"
#include "protocol/jwt.h"
#include "protocol/lines.h"

namespace chirm::testing {

namespace {

constexpr const char* kApiKey = "the key";
constexpr const char* kSecret = "a secret of the operator";

std::string as_json(std::string_view text) {
  std::string json;
  json::append_string(json, text);
  return json;
}

// "<code> <message>", or what the method answered.
std::string describe(const std::string& reply) {
  JsonFields fields(reply);
  const std::string error = fields.raw("error");
  if (!error.empty()) {
    JsonFields members(error);
    return std::to_string(members.number("code", {0, 10'000})) + " " +
           members.text("message", {0, 1000});
  }
  for (const char* method :
       {"rpc", "subscribe", "unsubscribe", "publish", "history", "presence", "refresh"}) {
    std::string result = fields.raw(method);
    if (result.empty()) continue;
    if (std::string_view(method) != "rpc") return result;
    return JsonFields(result).raw("data");
  }
  return reply;
}

}  // namespace

Person::Person(Loop& loop, std::uint16_t port, std::string its_user, const std::string& claims)
    : user(std::move(its_user)), loop_(loop), client_(loop, port) {
  client_.send_upgrade();
  EXPECT_TRUE(run_until(loop_, [&] { return client_.is_upgraded(); }));
  const std::string reply = command(R"("connect":{"token":")" + token(claims) + R"("})");
  EXPECT_NE(reply.find("\"client\""), std::string::npos) << reply;
  if (!user.empty()) (void)ask("chat.sync");
}

std::string Person::token(const std::string& claims) const {
  std::string all = "{\"sub\":" + as_json(user);
  if (!claims.empty()) all += "," + claims;
  return sign_token_hs256(all + "}", kSecret);
}

std::string Person::refresh(const std::string& claims) {
  return command(R"("refresh":{"token":")" + token(claims) + R"("})");
}

std::string Person::command(const std::string& body) {
  const std::string id = std::to_string(++last_id_);
  const std::string prefix = "{\"id\":" + id + ",";
  client_.send(prefix + body + "}");
  std::string found;
  const bool is_answered = run_until(loop_, [&] {
    take();
    for (const std::string& reply : replies_) {
      if (reply.starts_with(prefix)) found = reply;
    }
    return !found.empty() || client_.events.close_code != 0;
  });
  EXPECT_TRUE(is_answered) << body;
  replies_.clear();
  if (found.empty()) return "closed " + std::to_string(client_.events.close_code);
  return describe(found);
}

std::string Person::ask(std::string_view method, std::string_view data) {
  return command(R"("rpc":{"method":")" + std::string(method) + R"(","data":)" + std::string(data) +
                 "}");
}

std::string Person::ask_room(std::string_view method, std::string_view room,
                             std::string_view more) {
  std::string data = "{\"room\":" + as_json(room);
  if (!more.empty()) data.append(",").append(more);
  return ask(method, data + "}");
}

std::string Person::subscribe(std::string_view channel) {
  return command("\"subscribe\":{\"channel\":" + as_json(channel) + "}");
}

std::string Person::publish(std::string_view channel, std::string_view data) {
  return command("\"publish\":{\"channel\":" + as_json(channel) + ",\"data\":" + std::string(data) +
                 "}");
}

std::string Person::say(std::string_view channel, std::string_view text) {
  return publish(channel, R"({"id":"m)" + user + std::to_string(last_id_) +
                              R"(","type":"message","text":)" + as_json(text) + "}");
}

std::string Person::history(std::string_view channel) {
  return command("\"history\":{\"limit\":100,\"channel\":" + as_json(channel) + "}");
}

std::string Person::presence(std::string_view channel) {
  return command("\"presence\":{\"channel\":" + as_json(channel) + "}");
}

void Person::take() {
  for (const std::string& message : std::exchange(client_.events.messages, {})) {
    (void)for_each_line(message, [&](std::string_view line) {
      (line.starts_with("{\"id\":") ? replies_ : pushes_).emplace_back(line);
      return true;
    });
  }
}

bool Person::hears(std::string_view text) {
  return run_until(loop_, [&] { return count_pushes(text) > 0; });
}

std::size_t Person::count_pushes(std::string_view text) {
  take();
  std::size_t count = 0;
  for (const std::string& push : pushes_) count += push.find(text) != std::string::npos ? 1 : 0;
  return count;
}

// ---- RoomsTest

RoomsTest::RoomsTest() {
  if (GetParam() == StoreKind::kRedis) redis_ = std::make_unique<RedisServer>();
}

RoomsTest::~RoomsTest() {
  people_.clear();
  for (Node& node : nodes_) node.server.reset();
}

ChatSettings RoomsTest::chat_settings() {
  ChatSettings settings;
  settings.tokens.hmac_secret = kSecret;
  settings.ping_s = 0;
  settings.subscribe_timeout_s = kDeadlineMs / 1000;
  settings.publish_rate = 0;
  settings.limits.is_on = false;
  return settings;
}

std::unique_ptr<Broker> RoomsTest::make_broker() {
  if (GetParam() == StoreKind::kMemory) {
    return std::make_unique<MemoryBroker>(loop, BrokerSettings{});
  }
  if (GetParam() == StoreKind::kRedis) {
    return std::make_unique<RedisBroker>(loop, *parse_redis_url(redis_->unix_url()),
                                         BrokerSettings{.hold_ms = kDeadlineMs});
  }
  auto broker = SqliteBroker::open(loop, directory_.path() + "/store.db", StoreSync::kNormal, {});
  if (!broker) throw std::runtime_error(broker.error().message);
  return std::move(*broker);
}

void RoomsTest::add_node(const ChatSettings& settings) { add_node(make_broker(), settings); }

void RoomsTest::add_node(std::unique_ptr<Broker> its_broker, const ChatSettings& settings) {
  ServerSettings server_settings;
  server_settings.port = 0;
  server_settings.drain_s = 0;
  server_settings.close_timeout_s = 1;
  server_settings.accounts.is_on = false;
  server_settings.api_key = kApiKey;
  Node node;
  node.broker = std::move(its_broker);
  node.server = std::make_unique<Server>(loop, *node.broker, server_settings, settings);
  ASSERT_TRUE(node.server->listen().has_value());
  Broker& broker = *node.broker;
  Server& server = *node.server;
  nodes_.push_back(std::move(node));
  ASSERT_TRUE(run_until(loop, [&] {
    return broker.health() == Health::kReady && server.revocations()->is_loaded();
  }));
}

void RoomsTest::put(std::string_view collection, std::string_view id, std::string_view value) {
  bool is_done = false;
  nodes_.front().broker->documents().put(collection, id, 0, value, [&](const auto& result) {
    EXPECT_TRUE(result && result->is_stored);
    is_done = true;
  });
  EXPECT_TRUE(run_until(loop, [&] { return is_done; }));
}

int RoomsTest::call_api(const std::string& method, const std::string& params) {
  RawClient client(loop, nodes_.front().server->port());
  client.send_bytes("POST /api/" + method +
                    " HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX-API-Key: " + kApiKey +
                    "\r\nContent-Length: " + std::to_string(params.size()) + "\r\n\r\n" + params);
  EXPECT_TRUE(run_until(loop, [&] { return client.is_ended(); }));
  return client.status();
}

Person& RoomsTest::enter_with(const std::string& user, const std::string& claims,
                              std::size_t node) {
  while (nodes_.size() <= node) add_node();
  return *people_.emplace_back(
      std::make_unique<Person>(loop, nodes_[node].server->port(), user, claims));
}

Person& RoomsTest::enter(const std::string& user, std::size_t node) {
  return enter_with(user, {}, node);
}

Person& RoomsTest::enter_as_admin(const std::string& user, std::size_t node) {
  return enter_with(user, R"("role":"admin")", node);
}

}  // namespace chirm::testing

// SPDX-License-Identifier: MIT
#include "protocol/json.h"
#include "protocol/message.h"

namespace chirm {
namespace {

// Opens `{"id":N,"<method>":{`; close_reply() ends it.
void open_reply(std::string& out, std::uint32_t id, std::string_view method) {
  out += "{\"id\":";
  json::append_number(out, id);
  out += ",\"";
  out += method;
  out += "\":{";
}

void close_reply(std::string& out) { out += "}}"; }

// `"key":` with a comma in front unless it is an object's first member. What stands before tells
// which: no value ends in '{' but the object that was just opened, as texts end in a quote.
void append_key(std::string& out, std::string_view key) {
  out += out.back() == '{' ? "\"" : ",\"";
  out += key;
  out += "\":";
}

// The following leave out zero values: to a decoder of the schema (proto3) absent and zero are the
// same, and this is sent for each subscription and each publication.

void append_text(std::string& out, std::string_view key, std::string_view text) {
  if (text.empty()) return;
  append_key(out, key);
  json::append_string(out, text);
}

void append_count(std::string& out, std::string_view key, std::uint64_t count) {
  if (count == 0) return;
  append_key(out, key);
  json::append_number(out, count);
}

void append_flag(std::string& out, std::string_view key, bool flag) {
  if (!flag) return;
  append_key(out, key);
  out += "true";
}

void append_expiry(std::string& out, std::optional<std::uint32_t> expires_in_s) {
  // A ttl of 0 is not "never", it is now; so "expires" says whether there is one.
  append_flag(out, "expires", expires_in_s.has_value());
  append_count(out, "ttl", expires_in_s.value_or(0));
}

void append_raw_json(std::string& out, std::string_view key, std::string_view value) {
  if (value.empty()) return;
  append_key(out, key);
  json::append_raw(out, value);
}

bool is_empty(const ClientInfoView& info) {
  return info.user.empty() && info.client.empty() && info.conn_info.empty() &&
         info.chan_info.empty();
}

void append_subscribe_result(std::string& out, const SubscribeResult& result) {
  append_flag(out, "recoverable", result.recoverable);
  append_text(out, "epoch", result.position.epoch);
  if (!result.publications.empty()) {
    append_key(out, "publications");
    out += '[';
    out += result.publications;
    out += ']';
  }
  append_flag(out, "recovered", result.recovered);
  append_count(out, "offset", result.position.offset);
  append_flag(out, "positioned", result.positioned);
  append_raw_json(out, "data", result.data);
  append_flag(out, "was_recovering", result.was_recovering);
}

}  // namespace

void append_client_info(std::string& out, const ClientInfoView& info) {
  out += "{\"user\":";
  json::append_string(out, info.user);
  out += ",\"client\":";
  json::append_string(out, info.client);
  append_raw_json(out, "conn_info", info.conn_info);
  append_raw_json(out, "chan_info", info.chan_info);
  out += '}';
}

void append_publication_body(std::string& out, std::string_view data, const ClientInfoView& info,
                             std::int64_t time_ms) {
  const std::size_t begin = out.size();
  // Never an "offset", which append_publication() adds: the same body may stand in several logs.
  if (!data.empty()) {
    out += "\"data\":";
    json::append_raw(out, data);
  }
  if (!is_empty(info)) {
    out += data.empty() ? "\"info\":" : ",\"info\":";
    append_client_info(out, info);
  }
  if (time_ms <= 0) return;
  out += out.size() == begin ? "\"time\":" : ",\"time\":";
  json::append_number(out, static_cast<std::uint64_t>(time_ms));
}

void append_publication(std::string& out, std::string_view body, std::uint64_t offset) {
  // The offset comes last, so that the body is copied in one piece, whatever its length.
  out += '{';
  out += body;
  if (offset != 0) {
    out += body.empty() ? "\"offset\":" : ",\"offset\":";
    json::append_number(out, offset);
  }
  out += '}';
}

std::size_t append_publication_push(std::string& out, std::string_view channel,
                                    std::string_view body, std::uint64_t offset) {
  out += "{\"push\":{\"channel\":";
  json::append_string(out, channel);
  out += ",\"pub\":";
  // The same bytes go out as a push and, later, within replies to recovery: who keeps the push
  // needs no second copy of the publication.
  const std::size_t start = out.size();
  append_publication(out, body, offset);
  out += "}}";
  return start;
}

void append_connect_reply(std::string& out, std::uint32_t id, const ConnectResult& result) {
  open_reply(out, id, "connect");
  append_text(out, "client", result.client);
  append_text(out, "version", result.version);
  append_expiry(out, result.expires_in_s);
  append_count(out, "ping", result.ping_s);
  append_flag(out, "pong", result.pong);
  if (!result.subs.empty()) {
    append_key(out, "subs");
    out += '{';
    out += result.subs;
    out += '}';
  }
  close_reply(out);
}

void append_server_subscription(std::string& out, std::string_view channel,
                                const SubscribeResult& result) {
  json::append_string(out, channel);
  out += ":{";
  append_subscribe_result(out, result);
  out += '}';
}

void append_subscribe_reply(std::string& out, std::uint32_t id, const SubscribeResult& result) {
  open_reply(out, id, "subscribe");
  append_subscribe_result(out, result);
  close_reply(out);
}

void append_unsubscribe_reply(std::string& out, std::uint32_t id) {
  open_reply(out, id, "unsubscribe");
  close_reply(out);
}

void append_publish_reply(std::string& out, std::uint32_t id, const PositionView& position) {
  open_reply(out, id, "publish");
  append_count(out, "offset", position.offset);
  append_text(out, "epoch", position.epoch);
  close_reply(out);
}

// Here and for presence_stats zeros are written: they are what was asked for.
void append_history_reply(std::string& out, std::uint32_t id, const HistoryResult& result) {
  open_reply(out, id, "history");
  out += "\"publications\":[";
  out += result.publications;
  out += "],\"epoch\":";
  json::append_string(out, result.position.epoch);
  out += ",\"offset\":";
  json::append_number(out, result.position.offset);
  close_reply(out);
}

void append_presence_reply(std::string& out, std::uint32_t id,
                           std::span<const ClientInfoView> clients) {
  open_reply(out, id, "presence");
  out += "\"presence\":{";
  for (const ClientInfoView& info : clients) {
    // By client and not by user: one user may be present several times.
    if (out.back() != '{') out += ',';
    json::append_string(out, info.client);
    out += ':';
    append_client_info(out, info);
  }
  out += '}';
  close_reply(out);
}

void append_presence_stats_reply(std::string& out, std::uint32_t id, std::uint64_t clients,
                                 std::uint64_t users) {
  open_reply(out, id, "presence_stats");
  out += "\"num_clients\":";
  json::append_number(out, clients);
  out += ",\"num_users\":";
  json::append_number(out, users);
  close_reply(out);
}

void append_refresh_reply(std::string& out, std::uint32_t id, std::string_view client,
                          std::string_view version, std::optional<std::uint32_t> expires_in_s) {
  open_reply(out, id, "refresh");
  append_text(out, "client", client);
  append_text(out, "version", version);
  append_expiry(out, expires_in_s);
  close_reply(out);
}

void append_rpc_reply(std::string& out, std::uint32_t id, std::string_view data) {
  open_reply(out, id, "rpc");
  append_raw_json(out, "data", data);
  close_reply(out);
}

void append_error_reply(std::string& out, std::uint32_t id, const ErrorCode& error) {
  open_reply(out, id, "error");
  out += "\"code\":";
  json::append_number(out, error.code);
  out += ",\"message\":";
  json::append_string(out, error.message);
  append_flag(out, "temporary", error.temporary);
  close_reply(out);
}

void append_subscribe_push(std::string& out, std::string_view channel,
                           const SubscribeResult& result) {
  out += "{\"push\":{\"channel\":";
  json::append_string(out, channel);
  out += ",\"subscribe\":{";
  append_subscribe_result(out, result);
  out += "}}}";
}

void append_unsubscribe_push(std::string& out, std::string_view channel,
                             const Unsubscribe& unsubscribe) {
  out += "{\"push\":{\"channel\":";
  json::append_string(out, channel);
  out += ",\"unsubscribe\":{\"code\":";
  json::append_number(out, unsubscribe.code);
  out += ",\"reason\":";
  json::append_string(out, unsubscribe.reason);
  out += "}}}";
}

namespace {

void append_presence_push(std::string& out, std::string_view channel, std::string_view kind,
                          const ClientInfoView& info) {
  out += "{\"push\":{\"channel\":";
  json::append_string(out, channel);
  out += ",\"";
  out += kind;
  out += "\":{\"info\":";
  append_client_info(out, info);
  out += "}}}";
}

}  // namespace

void append_join_push(std::string& out, std::string_view channel, const ClientInfoView& info) {
  append_presence_push(out, channel, "join", info);
}

void append_leave_push(std::string& out, std::string_view channel, const ClientInfoView& info) {
  append_presence_push(out, channel, "leave", info);
}

}  // namespace chirm

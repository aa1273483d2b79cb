// SPDX-License-Identifier: MIT
#include "core/server/admin/api_methods.h"

#include <algorithm>
#include <array>
#include <memory>
#include <utility>

#include "core/chat/access.h"
#include "core/chat/authenticator.h"
#include "core/chat/presence/presence.h"
#include "core/server/admin/node_board.h"
#include "protocol/base64.h"
#include "protocol/json.h"
#include "protocol/json_writer.h"
#include "protocol/limits.h"
#include "protocol/message.h"

namespace chirm {

namespace {

// No client has this name, so none can use up an idempotency key.
constexpr std::string_view kPublisher = "\x01";
// An answer is one string in memory, for each request that is under way.
constexpr std::uint32_t kHistoryMax = 10'000;
constexpr std::size_t kHistoryBytes = 8 * 1024 * 1024;

std::string history_json(const History& history) {
  std::string text = "{\"publications\":[";
  for (const auto& publication : history.publications) {
    if (text.back() != '[') text += ',';
    append_publication(text, publication.body, publication.offset);
  }
  text += "],\"epoch\":";
  json::append_string(text, history.top.epoch);
  text += ",\"offset\":" + std::to_string(history.top.offset) + "}";
  return text;
}

}  // namespace

std::string error_json(const ApiError& error) {
  JsonWriter json;
  json.open();
  json.add("code", error.code);
  json.add("message", std::string_view(error.message));
  json.close();
  return json.take();
}

std::string envelope(std::string_view name, const ApiResult& result) {
  JsonWriter json;
  json.open();
  json.add_raw(result ? name : "error", result ? *result : error_json(result.error()));
  json.close();
  return json.take();
}

ApiError ApiMethods::bad_request(std::string_view message) {
  return {errors::kBadRequest.code, std::string(message)};
}

ApiError ApiMethods::to_api(const ErrorCode& error) {
  return {error.code, std::string(error.message)};
}

ApiAction ApiMethods::failing(ApiError error) {
  return [error = std::move(error)](const ApiDone& done) { done(Unexpected<ApiError>(error)); };
}

std::string ApiMethods::read_payload(JsonFields& params, std::string_view name) {
  const std::string encoded_name = "b64" + std::string(name);
  const std::string encoded = params.text_or(encoded_name, {0, 2 * kDataBytes}, {});
  if (encoded.empty()) return params.raw(name);
  const auto decoded = base64::decode(encoded);
  // Clients get it as a part of a JSON message: what is no JSON would break that for all of them.
  if (decoded && json::is_valid(*decoded)) return *decoded;
  params.refuse(encoded_name, "JSON in base64");
  return {};
}

// ---- Publishing

struct ApiMethods::Publication {
  std::string body;  // of a PublishRequest
  std::string key;
  bool is_passing = false;  // delivered to who is there, and not kept
  std::optional<ApiError> error;
};

ApiMethods::Publication ApiMethods::read_publication(JsonFields& params) const {
  Publication read;
  const std::string data = read_payload(params, "data");
  read.key = params.text_or("idempotency_key", kKeys, {});
  const auto tags = params.text_members("tags", 32, {0, 256});
  (void)params.flag_or("delta", false);  // a hint, and nobody here asks for deltas
  read.is_passing = params.flag_or("skip_history", false);
  const bool has_version = params.number_or("version", JsonFields::kAny, 0) > 0;
  // Not params.refuse(): what can be read, and is wrong, is an error of the method (with 200), as
  // Centrifugo tells it; a batch goes on with its other commands.
  if (data.empty()) {
    read.error = bad_request("data: expected JSON that is not null");
  } else if (data.size() > kDataBytes) {
    read.error = bad_request("data: expected at most " + std::to_string(kDataBytes) + " bytes");
  } else if (has_version) {
    read.error = {errors::kNotAvailable.code, "version: not available"};
  }
  append_publication_body(read.body, data, {}, loop_.unix_ms());
  if (tags.empty()) return read;
  JsonWriter json;
  json.open();
  for (const auto& [name, value] : tags) json.add(name, std::string_view(value));
  json.close();
  read.body += ",\"tags\":" + json.take();
  return read;
}

std::optional<ApiError> ApiMethods::wrong_with(std::string_view channel) const {
  if (channel.empty()) return bad_request("channel: expected a channel's name");
  const auto error = authenticator_.check_name(channel);
  if (!error) return std::nullopt;
  if (*error == errors::kBadRequest) return bad_request("channel: no channel can have this name");
  return to_api(*error);
}

void ApiMethods::publish(const std::string& channel, const Publication& publication,
                         const ApiDone& done) {
  if (publication.error) return done(Unexpected<ApiError>(*publication.error));
  if (auto error = wrong_with(channel)) return done(Unexpected<ApiError>(std::move(*error)));
  // Begun before it is stored: both sides of a conversation should find it in their lists when the
  // message reaches them.
  if (access_ != nullptr) access_->on_api_published(channel);
  if (publication.is_passing) {
    broker_.signal(channel, publication.body);
    return done("{}");
  }
  const PublishRequest request{channel, publication.body, kPublisher, publication.key, true};
  broker_.publish(request, [done](const Expected<Position, ErrorCode>& position) {
    if (!position) return done(Unexpected<ApiError>(to_api(position.error())));
    JsonWriter json;
    json.open();
    json.add("offset", position->offset);
    json.add("epoch", std::string_view(position->epoch));
    json.close();
    done(json.take());
  });
}

ApiAction ApiMethods::prepare_publish(JsonFields& params) {
  const std::string channel = params.text_or("channel", kNames, {});
  return [this, channel, publication = read_publication(params)](const ApiDone& done) {
    publish(channel, publication, done);
  };
}

ApiAction ApiMethods::prepare_broadcast(JsonFields& params) {
  const auto channels = params.texts("channels", kChannelsMax, kNames);
  return [this, channels, publication = read_publication(params)](const ApiDone& done) {
    broadcast(channels, publication, done);
  };
}

void ApiMethods::broadcast(const std::vector<std::string>& channels, const Publication& publication,
                           const ApiDone& done) {
  if (channels.empty()) {
    return done(Unexpected<ApiError>(bad_request("channels: expected a list of channels")));
  }
  if (publication.error) return done(Unexpected<ApiError>(*publication.error));
  struct Responses {
    std::vector<std::string> texts;
    std::size_t missing;
    ApiDone done;
  };
  // Independent of each other, as in Centrifugo: one channel that cannot be published in is no
  // reason to leave out the rest.
  const auto all = std::make_shared<Responses>(
      Responses{std::vector<std::string>(channels.size()), channels.size(), done});
  for (std::size_t i = 0; i < channels.size(); ++i) {
    publish(channels[i], publication, [all, i](const ApiResult& result) {
      all->texts[i] = envelope("result", result);
      if (--all->missing > 0) return;
      JsonWriter json;
      json.open();
      json.open_array("responses");
      for (const std::string& text : all->texts) json.add_raw_element(text);
      json.close_array();
      json.close();
      all->done(json.take());
    });
  }
}

// ---- Reading

ApiAction ApiMethods::prepare_history(JsonFields& params) {
  const std::string channel = params.text_or("channel", kNames, {});
  // 0, the default, asks for the position alone; -1 is Centrifugo's way to say "all".
  const bool is_all = params.raw("limit") == "-1";
  const auto limit =
      is_all ? kHistoryMax
             : static_cast<std::uint32_t>(params.number_or("limit", {0, UINT32_MAX}, 0));
  const bool is_reverse = params.flag_or("reverse", false);
  const bool has_since = params.has("since");
  JsonFields since(params.raw("since"));
  const std::uint64_t offset = since.number_or("offset", {0, limits::kOffsetMax}, 0);
  const std::string epoch = since.text_or("epoch", kKeys, {});
  if (!since.is_right()) params.refuse("since", "an offset and an epoch");
  if (auto error = wrong_with(channel)) return failing(std::move(*error));
  if (is_reverse && has_since && offset == 0) {
    return failing(bad_request("since: nothing is before offset 0"));
  }
  return [=, this](const ApiDone& done) {
    const HistoryRequest request{channel, offset, std::min(limit, kHistoryMax), is_reverse,
                                 kHistoryBytes};
    broker_.history(request, [offset, epoch, done](const Expected<History, ErrorCode>& history) {
      if (!history) return done(Unexpected<ApiError>(to_api(history.error())));
      // The offset is one of a log that is gone, and what follows it here is not what the caller
      // has missed.
      if (!history->top.descends_from(epoch, offset)) {
        return done(Unexpected<ApiError>(to_api(errors::kUnrecoverablePosition)));
      }
      done(history_json(*history));
    });
  };
}

ApiAction ApiMethods::prepare_presence(JsonFields& params) {
  const std::string channel = params.text_or("channel", kNames, {});
  if (auto error = wrong_with(channel)) return failing(std::move(*error));
  return [this, channel](const ApiDone& done) {
    presence_.ask(channel, [done](const auto& present) {
      if (!present) return done(Unexpected<ApiError>(to_api(present.error())));
      std::string text = "{\"presence\":{";
      for (const PresentClient& one : present->clients) {
        if (text.back() != '{') text += ',';
        json::append_string(text, one.client);
        text += ':';
        append_client_info(text, {one.user, one.client, one.conn_info, one.chan_info});
      }
      done(text + "}}");
    });
  };
}

ApiAction ApiMethods::prepare_presence_stats(JsonFields& params) {
  const std::string channel = params.text_or("channel", kNames, {});
  if (auto error = wrong_with(channel)) return failing(std::move(*error));
  return [this, channel](const ApiDone& done) {
    presence_.ask(channel, [done](const auto& present) {
      if (!present) return done(Unexpected<ApiError>(to_api(present.error())));
      done("{\"num_clients\":" + std::to_string(present->counts.clients) +
           ",\"num_users\":" + std::to_string(present->counts.users) + "}");
    });
  };
}

ApiAction ApiMethods::prepare_channels(JsonFields& params) {
  const std::string pattern = params.text_or("pattern", {0, 255}, {});
  return [this, pattern](const ApiDone& done) {
    control_.channels(pattern, [done](const auto& channels) {
      if (!channels && channels.error() == errors::kLimitExceeded) {
        return done(Unexpected<ApiError>(bad_request("pattern: more than " +
                                                     std::to_string(SessionControl::kChannelsMax) +
                                                     " channels match")));
      }
      if (!channels) return done(Unexpected<ApiError>(to_api(channels.error())));
      JsonWriter json;
      json.open();
      json.open("channels");
      for (const auto& [name, subscribers] : *channels) {
        json.open(name);
        json.add("num_clients", subscribers);
        json.close();
      }
      json.close();
      json.close();
      done(json.take());
    });
  };
}

ApiAction ApiMethods::prepare_info(JsonFields&) {
  return [this](const ApiDone& done) {
    JsonWriter json;
    json.open();
    json.open_array("nodes");
    for (const NodeBoard::Entry& entry : board_.all()) {
      json.open();
      json.add("uid", std::string_view(entry.id));
      json.add("name", std::string_view(entry.statistics.node));
      json.add("version", std::string_view(entry.statistics.version));
      json.add("num_clients", entry.statistics.connections);
      json.add("num_users", entry.statistics.users);
      json.add("num_channels", entry.statistics.channels);
      json.add("num_subs", entry.statistics.subscriptions);
      json.add("uptime", entry.statistics.uptime_s);
      json.close();
    }
    json.close_array();
    json.close();
    done(json.take());
  };
}

// ---- The table

// What Centrifugo has and chirm has not is told apart from what nobody has.
ApiAction ApiMethods::prepare_unavailable(JsonFields&) {
  return failing(to_api(errors::kNotAvailable));
}

namespace {
using Prepare = ApiAction (ApiMethods::*)(JsonFields&);
}

const std::vector<std::string_view>& ApiMethods::names() {
  static const std::vector<std::string_view> names = {
      "publish",    "broadcast", "history",     "presence", "presence_stats", "channels", "info",
      "disconnect", "subscribe", "unsubscribe", "refresh",  "history_remove", "rpc"};
  return names;
}

std::optional<ApiAction> ApiMethods::prepare(std::string_view method, JsonFields& params) {
  static constexpr std::array<std::pair<std::string_view, Prepare>, 10> kMethods = {{
      {"publish", &ApiMethods::prepare_publish},
      {"broadcast", &ApiMethods::prepare_broadcast},
      {"history", &ApiMethods::prepare_history},
      {"presence", &ApiMethods::prepare_presence},
      {"presence_stats", &ApiMethods::prepare_presence_stats},
      {"channels", &ApiMethods::prepare_channels},
      {"info", &ApiMethods::prepare_info},
      {"disconnect", &ApiMethods::prepare_disconnect},
      {"subscribe", &ApiMethods::prepare_subscribe},
      {"unsubscribe", &ApiMethods::prepare_unsubscribe},
  }};
  for (const auto& [name, prepare] : kMethods) {
    if (name == method) return (this->*prepare)(params);
  }
  if (std::ranges::count(names(), method) > 0) return prepare_unavailable(params);
  return std::nullopt;
}

}  // namespace chirm

// SPDX-License-Identifier: MIT
#include "core/server/admin/api.h"

#include "core/audit/audit_log.h"
#include "core/loop/loop.h"
#include "core/server/http/http_router.h"
#include "protocol/json_writer.h"
#include "protocol/signature.h"

namespace chirm {

namespace {

constexpr std::string_view kPrefix = "/api/";

// As Centrifugo's, for libraries that were written for it look at these.
int status_of(const ApiError& error) {
  switch (error.code) {
    case errors::kUnknownChannel.code:
    case errors::kMethodNotFound.code:
      return 404;
    case errors::kBadRequest.code:
    case errors::kNotAvailable.code:
      return 400;
    case errors::kUnrecoverablePosition.code:
      return 416;
    default:
      return 500;
  }
}

HttpResponse unreadable(std::string_view problem) {
  return text_response(400, std::string(problem) + "\n");
}

ApiError not_found() {
  return {errors::kMethodNotFound.code, std::string(errors::kMethodNotFound.message)};
}

}  // namespace

Api::Api(Settings settings, Loop& loop, ApiMethods& methods, HttpRouter& router)
    : key_(std::move(settings.key)),
      audit_(settings.audit),
      loop_(loop),
      wrong_keys_(settings.is_throttled ? kWrongKeys : Throttle::kOff),
      methods_(methods) {
  const auto refused = [this](const HttpRequest& request, const ClientOrigin& client) {
    return refuse(request, client);
  };
  router.add({"POST", std::string(kPrefix) + '*',
              [this](const HttpCall& call, const HttpAnswer& answer) { handle(call, answer); },
              kBodyBytes, refused});
  router.add(
      {"POST", "/api",
       [this](const HttpCall& call, const HttpAnswer& answer) { handle_legacy(call, answer); },
       kBodyBytes, refused});
}

std::optional<HttpResponse> Api::refuse(const HttpRequest& request, const ClientOrigin& client) {
  // An empty key would be equal to none given, and the API open to everybody.
  if (key_.empty()) {
    return text_response(404, "The server API is off: chirmd was given no --api-key.\n");
  }
  constexpr std::string_view kScheme = "apikey ";
  std::string_view key = request.header("x-api-key").value_or("");
  const std::string_view authorization = request.header("authorization").value_or("");
  if (key.empty() && authorization.starts_with(kScheme)) {
    key = authorization.substr(kScheme.size());
  }
  // Each counts until it is known to be right, so that who tries is not told even the right one.
  const std::string address = throttle_key(client.address);
  if (const std::uint64_t wait_ms = wrong_keys_.take(address, loop_.now_ms()); wait_ms > 0) {
    HttpResponse response = text_response(429, "Too many wrong keys from this address.\n");
    response.headers.emplace_back("Retry-After", std::to_string((wait_ms + 999) / 1000));
    return response;
  }
  // How long a comparison takes would tell an attacker how much of the key is right already.
  if (!equal_in_constant_time(key, key_)) {
    if (audit_ != nullptr) {
      audit_->add(
          {.event = "api", .address = client.address, .is_done = false, .why = "wrong key"});
    }
    return HttpResponse{401, "", ""};
  }
  wrong_keys_.give_back(address);
  return std::nullopt;
}

void Api::handle(const HttpCall& call, const HttpAnswer& answer) {
  JsonFields params(call.body);
  if (!params.is_right()) return answer(unreadable(params.problem()));
  const std::string_view method = call.request.path().substr(kPrefix.size());
  if (method == "batch") return handle_batch(params, call, answer);
  call_method(method, params, call, answer);
}

void Api::handle_legacy(const HttpCall& call, const HttpAnswer& answer) {
  JsonFields command(call.body);
  const std::string method = command.text("method", {1, 64});
  JsonFields params(command.raw("params"));
  if (!params.is_right()) command.refuse("params", "an object");
  if (!command.is_right()) return answer(unreadable(command.problem()));
  call_method(method, params, call, answer);
}

// What is asked most often is summed up; what only reads is not told.
ApiAction Api::audited(std::string_view method, JsonFields& params, const HttpCall& call,
                       ApiAction act) const {
  const bool is_frequent = method == "publish" || method == "broadcast";
  const bool is_change = method == "disconnect" || method == "subscribe" || method == "unsubscribe";
  if (audit_ == nullptr || (!is_change && !is_frequent)) return act;
  return [act = std::move(act), log = audit_, event = "api." + std::string(method),
          address = call.address, is_frequent,
          channel = params.text_or("channel", {0, limits::kChannelBytes}, ""),
          whom = params.text_or("user", {0, limits::kUserBytes}, "")](const ApiDone& done) {
    act([=](const ApiResult& result) {
      const std::string why = result ? "" : std::to_string(result.error().code);
      log->add({.event = event,
                .address = address,
                .is_done = result.has_value(),
                .is_frequent = is_frequent,
                .why = why,
                .about = {{"channel", channel}, {"whom", whom}}});
      done(result);
    });
  };
}

void Api::call_method(std::string_view method, JsonFields& params, const HttpCall& call,
                      const HttpAnswer& answer) {
  auto act = methods_.prepare(method, params);
  if (!params.is_right()) return answer(unreadable(params.problem()));
  // Centrifugo's SDKs expect errors in the body of a 200; who asks for it gets them as a status.
  const bool is_bare = call.request.header("x-centrifugo-error-mode") == "transport";
  const auto done = [answer, is_bare](const ApiResult& result) {
    if (!result && is_bare) {
      return answer(json_response(status_of(result.error()), error_json(result.error())));
    }
    answer(json_response(200, envelope("result", result)));
  };
  if (!act) return done(Unexpected<ApiError>(not_found()));
  audited(method, params, call, std::move(*act))(done);
}

// ---- Several commands in one request

struct Api::Batch {
  std::vector<Command> commands;
  std::vector<std::string> replies;
  std::size_t missing = 0;
  std::size_t bytes = 0;  // of replies
  HttpAnswer answer;

  void add(std::size_t at, const ApiResult& result) {
    replies[at] = envelope(commands[at].method, result);
    // What a command did is done, so a reply too many cannot be an error of the whole batch: it
    // would be sent again.
    if (bytes + replies[at].size() > kRepliesBytes && replies[at].size() > kShortReplyBytes) {
      replies[at] = envelope(
          {}, Unexpected<ApiError>(ApiError{errors::kLimitExceeded.code,
                                            "done, but the replies of this batch are too long"}));
    }
    bytes += replies[at].size();
    if (--missing > 0) return;
    JsonWriter json;
    json.open();
    json.open_array("replies");
    for (const std::string& reply : replies) json.add_raw_element(reply);
    json.close_array();
    json.close();
    answer(json_response(200, json.take()));
  }
};

// The first method that is there.
Expected<Api::Command, std::string> Api::read_command(const std::string& text,
                                                      const HttpCall& call) {
  JsonFields command(text);
  for (const std::string_view name : ApiMethods::names()) {
    if (!command.has(name)) continue;
    JsonFields params(command.raw(name));
    auto act = methods_.prepare(name, params);
    if (!params.is_right()) return Unexpected<std::string>(params.problem());
    return Command{name, audited(name, params, call, std::move(*act))};
  }
  if (!command.is_right()) return Unexpected<std::string>(command.problem());
  return Command{{}, [](const ApiDone& done) { done(Unexpected<ApiError>(not_found())); }};
}

void Api::handle_batch(JsonFields& params, const HttpCall& call, const HttpAnswer& answer) {
  const auto commands = params.raw_elements("commands", kCommandsMax);
  const bool is_parallel = params.flag_or("parallel", false);
  const auto batch = std::make_shared<Batch>();
  // All are read before the first is done: a batch with a mistake in it does nothing at all.
  for (const std::string& text : commands) {
    auto command = read_command(text, call);
    if (!command) {
      params.refuse("commands[" + std::to_string(batch->commands.size()) + "]", command.error());
      break;
    }
    batch->commands.push_back(std::move(*command));
  }
  if (!params.is_right()) return answer(unreadable(params.problem()));
  if (commands.empty()) return answer(json_response(200, "{\"replies\":[]}"));
  batch->replies.resize(commands.size());
  batch->missing = commands.size();
  batch->answer = answer;
  if (!is_parallel) return run_from(batch, 0);
  for (std::size_t i = 0; i < commands.size(); ++i) {
    batch->commands[i].act([batch, i](const ApiResult& result) { batch->add(i, result); });
  }
}

// One after the other: each is begun when the one before has been answered. An answer that comes at
// once makes this call itself, a thousand times at most (kCommandsMax).
void Api::run_from(const std::shared_ptr<Batch>& batch, std::size_t first) {
  if (first == batch->commands.size()) return;
  batch->commands[first].act([batch, first](const ApiResult& result) {
    batch->add(first, result);
    run_from(batch, first + 1);
  });
}

}  // namespace chirm

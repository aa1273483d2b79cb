// SPDX-License-Identifier: MIT
#pragma once
// The server API over HTTP: POST /api/<method> with a key, and the older POST /api with
// {"method","params"}.

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/accounts/throttle.h"
#include "core/server/admin/api_methods.h"
#include "core/server/http/http_handler.h"

namespace chirm {

class AuditLog;
class HttpRouter;
class Loop;
struct ClientOrigin;

class Api {
 public:
  static constexpr std::size_t kBodyBytes = 4 * 1024 * 1024;
  static constexpr std::size_t kCommandsMax = 1'000;  // of one batch
  // … together; what is short is told beyond that, so that nobody does it again.
  static constexpr std::size_t kRepliesBytes = 32 * 1024 * 1024;
  static constexpr std::size_t kShortReplyBytes = 1024;

  // Wrong keys from one address; then none from there is looked at, until the time that is told.
  static constexpr Throttle::Limit kWrongKeys{.burst = 20, .interval_ms = 3'000};

  struct Settings {
    std::string key;  // "": the API is not there, and says so
    bool is_throttled = true;
    AuditLog* audit = nullptr;  // must outlive the API; null: nothing is noted
  };
  // The loop and `methods` must outlive the API. Adds its routes; the API must outlive the router's
  // last call.
  Api(Settings settings, Loop& loop, ApiMethods& methods, HttpRouter& router);

 private:
  struct Batch;
  struct Command {
    std::string_view method;  // "": not known
    ApiAction act;
  };

  std::optional<HttpResponse> refuse(const HttpRequest& request, const ClientOrigin& client);
  void handle(const HttpCall& call, const HttpAnswer& answer);
  void handle_legacy(const HttpCall& call, const HttpAnswer& answer);
  void call_method(std::string_view method, JsonFields& params, const HttpCall& call,
                   const HttpAnswer& answer);
  void handle_batch(JsonFields& params, const HttpCall& call, const HttpAnswer& answer);
  // `act`, and a note of what came of it if the method changes something.
  ApiAction audited(std::string_view method, JsonFields& params, const HttpCall& call,
                    ApiAction act) const;
  Expected<Command, std::string> read_command(const std::string& text, const HttpCall& call);
  static void run_from(const std::shared_ptr<Batch>& batch, std::size_t first);

  const std::string key_;
  AuditLog* const audit_;
  Loop& loop_;
  Throttle wrong_keys_;  // by address
  ApiMethods& methods_;
};

}  // namespace chirm

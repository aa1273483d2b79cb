// SPDX-License-Identifier: MIT
#pragma once
// The methods of the server API, shaped like Centrifugo's
// (https://centrifugal.dev/docs/server/server_api). Private to core/server; Api carries them over
// HTTP.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/broker/broker.h"
#include "core/server/admin/session_control.h"
#include "protocol/expected.h"
#include "protocol/json_fields.h"
#include "protocol/limits.h"

namespace chirm {

class Access;
class Authenticator;
class Loop;
class NodeBoard;
class Presence;

struct ApiError {
  std::uint16_t code;
  std::string message;
};
// The result is a JSON object.
using ApiResult = Expected<std::string, ApiError>;
using ApiDone = std::function<void(ApiResult)>;

// {"code":…,"message":…}
std::string error_json(const ApiError& error);
// {"<name>":<result>} or {"error":{…}}
std::string envelope(std::string_view name, const ApiResult& result);

// What a request asks for, to be done once. Calls back once, at once or later.
using ApiAction = std::function<void(ApiDone)>;

// Many functions: one for each method, and what several of them need to read or to answer. They
// share no state that could be taken out.
class ApiMethods {
 public:
  // All must outlive the methods. `access` is null where channels have no rules.
  ApiMethods(const Loop& loop, Broker& broker, Presence& presence,
             const Authenticator& authenticator, SessionControl& control, NodeBoard& board,
             Access* access)
      : loop_(loop),
        broker_(broker),
        presence_(presence),
        authenticator_(authenticator),
        control_(control),
        board_(board),
        access_(access) {}

  static constexpr std::size_t kDataBytes = 64 * 1024;  // of a publication, as from clients
  static constexpr std::size_t kChannelsMax = 1'000;    // of one broadcast

  static const std::vector<std::string_view>& names();
  // nullopt when there is no such method. What cannot be read has params.problem() afterwards, and
  // the action is not to be used; what is wrong otherwise is the action's error. Actions must not
  // outlive this.
  std::optional<ApiAction> prepare(std::string_view method, JsonFields& params);

 private:
  struct Publication;

  static constexpr JsonFields::Range kNames{0, limits::kChannelBytes};
  static constexpr JsonFields::Range kKeys{0, 128};

  static ApiError bad_request(std::string_view message);
  static ApiError to_api(const ErrorCode& error);
  static ApiAction failing(ApiError error);
  static ApiAction without_user();
  static SessionTarget read_target(JsonFields& params);
  // `data`, say, or what `b64data` stands for; "" when there is none.
  static std::string read_payload(JsonFields& params, std::string_view name);
  Publication read_publication(JsonFields& params) const;
  void publish(const std::string& channel, const Publication& publication, const ApiDone& done);
  void broadcast(const std::vector<std::string>& channels, const Publication& publication,
                 const ApiDone& done);

  ApiAction prepare_publish(JsonFields& params);
  ApiAction prepare_broadcast(JsonFields& params);
  ApiAction prepare_history(JsonFields& params);
  ApiAction prepare_presence(JsonFields& params);
  ApiAction prepare_presence_stats(JsonFields& params);
  ApiAction prepare_channels(JsonFields& params);
  ApiAction prepare_info(JsonFields& params);
  ApiAction prepare_disconnect(JsonFields& params);
  ApiAction prepare_subscribe(JsonFields& params);
  ApiAction prepare_unsubscribe(JsonFields& params);
  static ApiAction prepare_unavailable(JsonFields& params);
  // `done` once it is done on all nodes.
  static SessionControl::Done when_done(const ApiDone& done);

  std::optional<ApiError> wrong_with(std::string_view channel) const;

  const Loop& loop_;
  Broker& broker_;
  Presence& presence_;
  const Authenticator& authenticator_;
  SessionControl& control_;
  NodeBoard& board_;
  Access* const access_;
};

}  // namespace chirm

// SPDX-License-Identifier: MIT
#pragma once
// Who may do what in a channel. Sessions ask when they have found the channel's name valid
// (authenticator.h). Implemented by core/rooms; without it a channel is open to everybody whom its
// name admits. On the loop's thread.

#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>

#include "core/broker/broker.h"
#include "core/chat/rpc.h"

namespace chirm {

class Session;

enum class Right : std::uint8_t { kSubscribe, kRead, kPresence };

class Access {
 public:
  using Verdict = Expected<void, RpcError>;

  virtual ~Access() = default;

  // The verdict, if it is known at once. That of kPresence always is when kSubscribe has just been
  // allowed. nullopt: check_later() finds it out.
  virtual std::optional<Verdict> check(const Session& session, Right right,
                                       std::string_view channel) = 0;
  // `done` is never called within the call, and maybe when the session has gone.
  virtual void check_later(const Session& session, Right right, std::string_view channel,
                           std::function<void(Verdict)> done) = 0;

  // Does what a publish asks for, by the channel's rules. `data` is what the client has sent,
  // `request.body` what is to be stored of it; both are valid within the call. An error means that
  // it was refused and nothing has happened. Otherwise `done` is called, never within the call.
  enum class Progress : std::uint8_t {
    kOrdered,  // the connection's next command may be handled at once
    kWaiting,  // the connection's next command must wait until `done`
  };
  using Published = Expected<Position, RpcError>;  // offset 0: delivered and not stored
  [[nodiscard]] virtual Expected<Progress, RpcError> publish(
      Session& session, const PublishRequest& request, std::string_view data,
      std::function<void(Published)> done) = 0;

  // The session has just been connected.
  virtual void on_connected(Session& session) = 0;
  // The session's new token gives it another role than the one before.
  virtual void on_role_changed(Session&) {}
  // The server API has published in the channel, to which no rules apply.
  virtual void on_api_published(std::string_view) {}
};

}  // namespace chirm

// SPDX-License-Identifier: MIT
#pragma once
// Who may do what in a channel, asked by sessions once the channel's name has been found in order.
// Implemented by core/rooms; without it every channel is open to whom its name admits.

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

  // The verdict when it is known at once; kPresence is, for who was just allowed to subscribe. If
  // not, check_later() finds it out; `done` is not called before that has returned, and maybe when
  // the session has gone.
  virtual std::optional<Verdict> check(const Session& session, Right right,
                                       std::string_view channel) = 0;
  virtual void check_later(const Session& session, Right right, std::string_view channel,
                           std::function<void(Verdict)> done) = 0;

  // Does what a publish asks for, by the channel's rules. `data` is the client's, the body of the
  // request what is to be stored of it. The error: it was refused, and nothing else happens. Else
  // `done` is called, not before this has returned.
  enum class Progress : std::uint8_t {
    kOrdered,  // what the connection asks for next may follow
    kWaiting,  // what it asks for next must wait until `done`
  };
  using Published = Expected<Position, RpcError>;  // offset 0: delivered and not stored
  [[nodiscard]] virtual Expected<Progress, RpcError> publish(
      Session& session, const PublishRequest& request, std::string_view data,
      std::function<void(Published)> done) = 0;

  // The session is connected.
  virtual void on_connected(Session& session) = 0;
  // A new token of its has another role than the one before.
  virtual void on_role_changed(Session&) {}
  // The operator's own systems have published there, which are bound by no rules.
  virtual void on_api_published(std::string_view) {}
};

}  // namespace chirm

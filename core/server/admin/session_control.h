// SPDX-License-Identifier: MIT
#pragma once
// What operators, and servers of theirs, do to connections and ask of them, on all nodes.

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/broker/broker.h"
#include "protocol/codes.h"
#include "protocol/expected.h"
#include "protocol/json_fields.h"
#include "protocol/jwt.h"

namespace chirm {

class Hub;
class NodeSurvey;
class Session;
class SessionDirectory;

// Connections of a user: all, or those that agree with what else is given.
struct SessionTarget {
  std::string user;
  std::string client = {};   // "": any
  std::string session = {};  // of the account, as its id is shown; "": any
};

class SessionControl {
 public:
  // Done on all nodes; false: a node has not said so in time, and it should be tried again.
  using Done = std::function<void(bool is_done)>;
  template <class T>
  using Callback = std::function<void(T)>;

  // All must outlive the control. Adds its questions to the survey. `node_name` is this node's, in
  // answers.
  SessionControl(NodeSurvey& survey, Hub& hub, SessionDirectory& directory, std::string node_name);

  struct Disconnecting {
    SessionTarget target;
    std::vector<std::string> kept_clients = {};
    std::uint16_t code = disconnects::kForced.code;
    std::string reason = std::string(disconnects::kForced.reason);
  };
  void disconnect(const Disconnecting& what, Done done);

  struct Subscribing {
    SessionTarget target;
    std::string channel;
    TokenChannel options = {};
    std::optional<Position> since = {};
  };
  void subscribe(const Subscribing& what, Done done);
  void unsubscribe(const SessionTarget& target, std::string_view channel, Done done);

  // A notice to everybody who has an inbox, which no log keeps; how many connections got it.
  void notice(std::string_view text, Callback<std::uint64_t> done);

  // Channels with subscribers whose names match, and how many subscribers they have. An error when
  // a node has not answered (kInternal), or there are more than kChannelsMax (kLimitExceeded).
  static constexpr std::size_t kChannelsMax = 10'000;
  using Channels = std::map<std::string, std::uint64_t>;
  void channels(std::string_view pattern, Callback<Expected<Channels, ErrorCode>> done);

  // JSON objects, of the nodes that answer: {"node":…,"client":…,"session"?:…,"channels":[…]}.
  void connections(std::string_view user, Callback<std::vector<std::string>> done);
  // {"node":…,"user":…,"client":…,"channel":…,"behind":…}, the farthest behind first.
  static constexpr std::size_t kReadersMax = 100;
  void slow_readers(Callback<std::vector<std::string>> done);

 private:
  using Answers = std::vector<std::string>;

  void ask(std::string_view question, std::string_view params, Done done);
  std::vector<Session*> find(JsonFields& params) const;
  Answers disconnect_here(std::string_view params);
  Answers subscribe_here(std::string_view params);
  Answers unsubscribe_here(std::string_view params);
  Answers notice_here(std::string_view params);
  Answers channels_here(std::string_view params) const;
  Answers connections_here(std::string_view params) const;
  Answers slow_readers_here();

  NodeSurvey& survey_;
  Hub& hub_;
  SessionDirectory& directory_;
  const std::string node_name_;
};

}  // namespace chirm

// SPDX-License-Identifier: MIT
#pragma once
// Which conversations a chat follows, that is, subscribes to: all, or those that were looked at
// last and then those where something was said last, for a server lets a connection follow only so
// many channels. Also the rooms that nobody has made, which some servers let one visit. Lives on
// the loop. Private to client/terminal/.

#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>

#include "client/events.h"
#include "client/terminal/chat/chat_context.h"

namespace chirm::terminal {

class Following {
 public:
  // `chat` must outlive it.
  explicit Following(ChatContext& chat) : chat_(chat) {}

  // Follows those that matter most and leaves the others, after a change of the conversations or of
  // the one that is looked at.
  void follow_recent();
  // Tries to follow a room that nobody has made. When the server does not allow that either, the
  // person is told `error`, which is what joining the room was refused with.
  void visit(const std::string& room, bool is_looked_at, const client::CommandError& error);
  // Follows it no more, and takes it out of the model.
  void leave(const std::string& channel);

  // To be called from the client's events of the same names.
  void on_connected() { subscribing_ = followed_; }
  // Returns whether the channel's log has started over: how far one has read is to be asked for.
  [[nodiscard]] bool on_subscribed(std::string_view channel, const client::Subscribed& how);
  void on_unsubscribed(std::string_view channel, std::uint32_t code, std::string_view reason);

  bool is_followed(const Conversation& conversation) const;
  bool is_following_all() const;
  // The server has answered for all that are followed.
  bool is_settled() const { return subscribing_.empty(); }
  // Ends the process when what it says of itself does not hold.
  void check() const;

 private:
  // Servers allow 128 channels by default, the inbox and those of the token among them.
  static constexpr std::size_t kFollowedMax = 100;

  // To a room that nobody has made; the server has not answered yet.
  struct Visit {
    std::string refusal;  // what is said when it is not allowed
    bool is_looked_at;
  };

  void follow(const std::string& channel);
  void unfollow(Conversation& conversation);
  void forget(const std::string& channel);
  void begin_visit(const std::string& channel, bool is_looked_at);

  ChatContext& chat_;
  std::set<std::string> followed_;           // channels, each of a conversation of the model
  std::set<std::string> subscribing_;        // channels; the server has not answered
  std::size_t followed_max_ = kFollowedMax;  // less when the server says so
  std::map<std::string, Visit> visits_;      // by channel
};

}  // namespace chirm::terminal

// SPDX-License-Identifier: MIT
#pragma once
// What the server itself publishes about rooms: events in their logs, and notes to users' inboxes.
// Nobody waits for the answer: the records are the truth, and clients find them with chat.sync when
// a note was lost. Private to core/rooms.

#include <cstdint>
#include <string>
#include <string_view>

#include "core/broker/broker.h"

namespace chirm {

class Loop;

// docs/protocol.md, "Events". Members with their default are left out.
struct RoomEvent {
  std::string event;
  std::string user;
  std::string by = {};
  std::string reason = {};
  std::uint64_t until = 0;  // unix milliseconds; 0 and kForGood are left out
  std::string value = {};
};

class Announcer {
 public:
  // Both must outlive the announcer.
  Announcer(const Loop& loop, Broker& broker) : loop_(loop), broker_(broker) {}

  void tell_room(std::string_view room, const RoomEvent& event);
  // `data` is a JSON object. What has the same message id is told once.
  void tell_user(std::string_view user, std::string_view data, std::string_view message_id = {});
  // The entry of a channel in the user's list is new, changed or gone.
  void tell_listed(std::string_view user, std::string_view channel);

 private:
  void publish(std::string_view channel, std::string_view data, std::string_view message_id);

  const Loop& loop_;
  Broker& broker_;
};

}  // namespace chirm

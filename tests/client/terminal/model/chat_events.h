// SPDX-License-Identifier: MIT
#pragma once
// Publications of the chat, for tests of what shows them.

#include <string>
#include <string_view>

#include "client/terminal/model/chat_event.h"

namespace chirm::terminal {

inline ChatEvent event_of(std::uint64_t offset, std::string_view user, std::string_view data) {
  return read_chat_event(
      {.data = data, .offset = offset, .info = {.user = user, .client = "c", .conn_info = ""}});
}

inline ChatEvent said(std::uint64_t offset, std::string_view user, const std::string& text,
                      std::int64_t time_ms = 0) {
  return event_of(offset, user,
                  R"({"type":"message","id":"m)" + std::to_string(offset) + R"(","text":")" + text +
                      R"(","time":)" + std::to_string(time_ms) + "}");
}

}  // namespace chirm::terminal

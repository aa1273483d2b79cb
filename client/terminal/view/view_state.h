// SPDX-License-Identifier: MIT
#pragma once
// What a chat's screen shows besides the conversations: the connection, who one is, and a page that
// is read instead of the messages. Plain values. Private to client/terminal/.

#include <cstdint>
#include <string>
#include <vector>

#include "client/terminal/screen/glyphs.h"

namespace chirm::terminal {

// Something to be read instead of the messages: search results, a list, help.
struct Page {
  std::string title;
  std::vector<Glyphs> paragraphs;
  int indent = 2;    // of the further lines of a paragraph, in cells
  int scrolled = 0;  // lines, from above
};

struct ConnectionStatus {
  enum class State : std::uint8_t {
    kConnecting,  // never connected yet
    kCatchingUp,  // connected; what was missed is on its way
    kConnected,   // all that the server has is here
    kLost,        // the client waits for its next attempt, or makes it
  };
  State state = State::kConnecting;
  std::string text;  // for people; safe to be printed
};

struct ViewState {
  ConnectionStatus connection;
  std::string me;  // one's name; safe to be printed
  bool is_away = false;
  const Page* page = nullptr;  // null: the messages are shown
  std::string completions;     // to choose from, "" for none
};

}  // namespace chirm::terminal

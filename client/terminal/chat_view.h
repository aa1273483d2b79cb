// SPDX-License-Identifier: MIT
#pragma once
// The whole screen of a chat, drawn into cells. Pure, but for the time zone. Private to
// client/terminal/.
//
//   header     #lobby  Title — topic
//   list │ messages │ people           the outer two where there is room
//   status     connection, who is typing … who one is
//   input      one row or more

#include <cstdint>
#include <string>
#include <vector>

#include "client/terminal/cell_grid.h"
#include "client/terminal/chat_model.h"
#include "client/terminal/input_line.h"

namespace chirm::terminal {

// Something to be read instead of the messages: search results, a list, help.
struct Page {
  std::string title;
  std::vector<Glyphs> paragraphs;
  int indent = 2;    // of the further lines of a paragraph
  int scrolled = 0;  // lines, from above
};

struct Connection {
  enum class State : std::uint8_t { kConnecting, kCatchingUp, kConnected, kLost };
  State state = State::kConnecting;
  std::string text;  // safe
};

struct ViewState {
  Connection connection;
  std::string me;  // safe
  bool is_away = false;
  const Page* page = nullptr;
  std::string completions;  // to choose from, "" for none
};

inline constexpr int kRowsMin = 10;
inline constexpr int kColumnsMin = 40;

struct ViewLayout {
  Rect header;
  Rect list;  // no columns where there is no room
  Rect messages;
  Rect people;
  Rect page;  // messages and people
  Rect status;
  Rect input;
};
ViewLayout lay_out_view(int rows, int columns, int input_rows);
// The same with what is typed.
ViewLayout lay_out_view(const InputLine& input, int rows, int columns);

CellGrid draw(const ChatModel& model, const ViewState& view, const InputLine& input, int rows,
              int columns);
// Scrolls a page down by so many lines, up for negative ones.
void scroll(Page& page, int lines, const Rect& area);

}  // namespace chirm::terminal

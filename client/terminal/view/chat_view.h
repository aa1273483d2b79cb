// SPDX-License-Identifier: MIT
#pragma once
// The whole screen of a chat, drawn into cells. Pure, but for the time zone. Private to
// client/terminal/.
//
//   header     #lobby  Title — topic
//   list │ messages │ people           the outer two where there is room
//   status     connection, who is typing … who one is
//   input      one row or more

#include "client/terminal/model/chat_model.h"
#include "client/terminal/screen/cell_grid.h"
#include "client/terminal/screen/input_line.h"
#include "client/terminal/view/view_state.h"

namespace chirm::terminal {

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

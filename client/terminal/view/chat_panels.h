// SPDX-License-Identifier: MIT
#pragma once
// The parts of the screen around the messages. Pure. Private to client/terminal/.

#include "client/terminal/model/chat_model.h"
#include "client/terminal/screen/cell_grid.h"
#include "client/terminal/view/view_state.h"

namespace chirm::terminal {

void draw_header(CellGrid& grid, const Rect& area, const ChatModel& model);
void draw_list(CellGrid& grid, const Rect& area, const ChatModel& model);
void draw_people(CellGrid& grid, const Rect& area, const ChatModel& model);
// `has_list`: what is unread stands in the list, and not here.
void draw_status(CellGrid& grid, const Rect& area, const ChatModel& model, const ViewState& view,
                 bool has_list);

}  // namespace chirm::terminal

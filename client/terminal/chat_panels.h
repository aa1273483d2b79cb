// SPDX-License-Identifier: MIT
#pragma once
// The parts of the screen around the messages. Pure. Private to client/terminal/.

#include "client/terminal/cell_grid.h"
#include "client/terminal/chat_model.h"
#include "client/terminal/chat_view.h"

namespace chirm::terminal {

void draw_header(CellGrid& grid, const Rect& area, const ChatModel& model);
void draw_list(CellGrid& grid, const Rect& area, const ChatModel& model);
void draw_people(CellGrid& grid, const Rect& area, const ChatModel& model);
// `has_list`: what is unread stands in the list, and not here.
void draw_status(CellGrid& grid, const Rect& area, const ChatModel& model, const ViewState& view,
                 bool has_list);

}  // namespace chirm::terminal

// SPDX-License-Identifier: MIT
// What chirm prints of what strangers write: nothing of it may steer the terminal. The first line
// is a name, the others are payloads of publications, which are shown for scripts and on a whole
// screen.

#include <stdlib.h>
#include <time.h>

#include <clocale>
#include <string>

#include "client/terminal/model/chat_event.h"
#include "client/terminal/model/chat_model.h"
#include "client/terminal/plain/chat_line.h"
#include "client/terminal/screen/cell_grid.h"
#include "client/terminal/screen/glyphs.h"
#include "client/terminal/screen/input_line.h"
#include "client/terminal/text/safe_text.h"
#include "client/terminal/text/utf8.h"
#include "client/terminal/text/wording.h"
#include "client/terminal/view/chat_view.h"
#include "client/terminal/view/message_lines.h"
#include "core/base/check.h"
#include "protocol/json.h"
#include "tests/fuzz/fuzz_input.h"

namespace chirm::terminal {
namespace {

constexpr std::int64_t kNowMs = 1'700'000'000'000;

// C0, C1, and what reverses the direction of writing.
bool steers(char32_t c) {
  return c < 0x20 || (c >= 0x7F && c <= 0x9F) || (c >= 0x202A && c <= 0x202E) ||
         (c >= 0x2066 && c <= 0x2069);
}

void check_harmless(std::string_view text) {
  CHIRM_CHECK(json::is_utf8(text), text);
  for (std::string_view rest = text; !rest.empty();) {
    const char32_t c = take_code_point(rest);
    CHIRM_CHECK(!steers(c), static_cast<unsigned>(c), text);
  }
}

std::string without_line_feeds(std::string text) {
  std::erase(text, '\n');
  return text;
}

void check_utf8(std::string_view text) {
  const std::string valid = to_utf8(text);
  CHIRM_CHECK(json::is_utf8(valid), valid);
  CHIRM_CHECK((valid == text) == json::is_utf8(text), text);
}

void check_safe_text(std::string_view text) {
  const std::string safe = safe_text(text);
  check_harmless(without_line_feeds(safe));
  CHIRM_CHECK(safe_text(safe) == safe, safe);
  check_harmless(safe_line(text));
  // Nobody's words are hidden: text without anything that steers stays as it is.
  bool is_plain = json::is_utf8(text);
  for (const char c : text) is_plain = is_plain && c >= ' ' && c < '\x7F';
  CHIRM_CHECK(!is_plain || safe == text, text);
}

void check_glyphs(std::string_view text, int columns) {
  const Glyphs glyphs = glyphs_of(safe_text(text));
  check_harmless(without_line_feeds(text_of(glyphs)));
  CHIRM_CHECK(width_of(fit(glyphs, columns)) <= columns, columns);
  const int indent = columns / 3;
  bool is_first = true;
  for (const Glyphs& line : wrap(glyphs, columns, indent)) {
    const int columns_left = std::max(columns - (is_first ? 0 : indent), 2);
    CHIRM_CHECK(width_of(line) <= columns_left, width_of(line), columns_left);
    is_first = false;
  }
}

void check_for_scripts(std::string_view name, std::string_view text) {
  const std::string line =
      format_for_scripts({.room = name, .user = name, .time_ms = 0, .text = text});
  CHIRM_CHECK(line.find('\n') == line.size() - 1, line);
  check_harmless(std::string_view(line).substr(0, line.size() - 1));
  check_harmless(describe_refusal({.code = 3500, .reason = std::string(text), .retry_in_ms = {}},
                                  "ws://host", true, false));
}

void check_screen(const ChatModel& model, int rows, int columns) {
  const CellGrid grid = draw(model, {}, InputLine(), rows, columns);
  for (int row = 0; row < rows; ++row) {
    for (int column = 0; column < columns; ++column) check_harmless(grid.at(row, column).text);
  }
}

// Whatever is published, shown to the end and from the beginning.
void check_conversation(std::string_view name, FuzzInput lines, int rows, int columns) {
  ChatModel model;
  model.set_me("me", true);
  ChannelInfo room;
  room.channel = "room:x";
  room.room = room.title = room.topic = name;
  Conversation& conversation = model.open(room);
  model.select(conversation);
  for (std::uint64_t offset = 1; offset < 30 && !lines.rest().empty(); ++offset) {
    const std::string_view data = lines.take_line();
    const ChatEvent event = read_chat_event(
        {.data = data, .offset = offset, .info = {.user = name, .client = "c", .conn_info = data}});
    check_harmless(without_line_feeds(safe_text(describe_event(event))));
    model.receive(conversation, event, kNowMs, 1);
  }
  conversation.people = {{std::string(name), std::string(name), "online"}};
  const MessageLines messages(conversation, columns);
  for (std::size_t i = 0; i < messages.size(); ++i) {
    for (const Glyphs& line : messages.block(i)) {
      check_harmless(text_of(line));
      CHIRM_CHECK(width_of(line) <= std::max(columns, kColumnsMin), width_of(line), columns);
    }
  }
  check_screen(model, rows, columns);
  scroll(messages, conversation.position, rows, 7);
  check_screen(model, rows, columns);
}

void run(FuzzInput input) {
  const int rows = kRowsMin + input.take_byte() % 20;
  const int columns = kColumnsMin + input.take_byte() % 60;
  const std::string_view all = input.rest();
  check_utf8(all);
  check_safe_text(all);
  check_glyphs(all, 2 + columns % 37);
  const std::string_view name = input.take_line();
  check_for_scripts(name, input.rest());
  check_conversation(name, input, rows, columns);
}

}  // namespace
}  // namespace chirm::terminal

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  std::setlocale(LC_CTYPE, "C.UTF-8");  // for wcwidth()
  setenv("TZ", "UTC", 1);
  tzset();
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  chirm::terminal::run({data, size});
  return 0;
}

// SPDX-License-Identifier: MIT
#pragma once
// How the messages of a conversation look, line by line, and which of the lines are on the screen.
// Pure, but for the time zone. Private to client/terminal/.

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "client/terminal/model/chat_model.h"
#include "client/terminal/screen/glyphs.h"

namespace chirm::terminal {

class MessageLines {
 public:
  // The conversation must not change meanwhile.
  MessageLines(const Conversation& conversation, int columns);

  std::size_t size() const { return messages_.size(); }
  const Message& message(std::size_t index) const { return *messages_[index]; }
  // The message of that key or, if it is gone, the one before.
  std::size_t index_of(const Message::Key& key) const;
  // The lines of one message, with the mark of its day and of what is new before it; `index` is
  // below size().
  std::vector<Glyphs> block(std::size_t index) const;

 private:
  bool begins_day(std::size_t index) const;
  bool begins_new(std::size_t index) const;
  bool continues(std::size_t index) const;
  void append_said(std::vector<Glyphs>& lines, std::size_t index) const;
  void append_remark(std::vector<Glyphs>& lines, const Message& message) const;
  Glyphs head(const Message& message, bool is_continued) const;
  Glyphs body(const Message& message) const;
  Glyphs quote(const Message& message) const;
  Glyphs reactions(const Message& message) const;

  const Conversation& conversation_;
  const int columns_;
  const std::vector<const Message*> messages_;
  const int name_columns_;  // 0: the name stands before the text, in the same line
  const int indent_;        // of the text's lines
};

struct MessageWindow {
  std::vector<Glyphs> lines;  // from above, at most as many as there are rows
  std::size_t first = 0;      // the first message of which something is seen
  std::size_t below = 0;      // messages below the lowest of which something is seen
};
MessageWindow window_of(const MessageLines& messages, const ViewPosition& position, int rows);

// Moves what is looked at by so many lines, up for positive ones; not beyond the ends.
void scroll(const MessageLines& messages, ViewPosition& position, int rows, int lines);
// Moves as little as needed to show the message.
void scroll_to(const MessageLines& messages, ViewPosition& position, int rows, std::size_t index);

}  // namespace chirm::terminal

// SPDX-License-Identifier: MIT
#include "client/terminal/view/message_lines.h"

#include <algorithm>
#include <iterator>

#include "client/terminal/text/local_time.h"
#include "client/terminal/text/safe_text.h"
#include "client/terminal/text/wording.h"
#include "core/base/check.h"

namespace chirm::terminal {

namespace {

constexpr int kTimeColumns = 6;   // "14:05 "
constexpr int kWideColumns = 56;  // from which the names stand in a column of their own
constexpr int kNameColumnsMin = 4;
constexpr int kNameColumnsMax = 14;
constexpr std::size_t kNamesLooked = 300;   // messages whose names decide how wide they stand
constexpr std::int64_t kGroupMs = 300'000;  // what somebody says within is one group

constexpr Style kBad{.colour = Colour::kBad};

bool is_same_day(std::int64_t a_ms, std::int64_t b_ms) {
  const std::tm a = local_time(a_ms);
  const std::tm b = local_time(b_ms);
  return a.tm_year == b.tm_year && a.tm_yday == b.tm_yday;
}

std::string name_of(const Message& message) {
  return shown_name(message.name.empty() ? message.user : message.name);
}

Glyphs blanks(int count) {
  return Glyphs(static_cast<std::size_t>(std::max(count, 0)), Glyph{" ", 1, {}});
}

void append(Glyphs& out, Glyphs more) {
  out.insert(out.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
}

// "── text ──────"
Glyphs rule(std::string_view text, Style style, int columns) {
  Glyphs line;
  append_glyphs(line, "── ", style);
  append_glyphs(line, text, style);
  append_glyphs(line, " ", style);
  while (width_of(line) < columns) line.push_back({"─", 1, style});
  return fit(std::move(line), columns);
}

// Of the widest name among the newest messages.
int name_columns_of(const std::vector<const Message*>& messages) {
  // Not of all messages: a long log would be measured with each key that is pressed.
  int columns = kNameColumnsMin;
  const std::size_t first = messages.size() - std::min(messages.size(), kNamesLooked);
  const std::string* before = nullptr;
  for (std::size_t i = first; i < messages.size() && columns < kNameColumnsMax; ++i) {
    const Message& message = *messages[i];
    if (message.kind != Message::Kind::kSaid) continue;
    if (before == nullptr || *before != message.user) {
      columns = std::max(columns, width_of(name_of(message)));
    }
    before = &message.user;
  }
  return std::min(columns, kNameColumnsMax);
}

}  // namespace

MessageLines::MessageLines(const Conversation& conversation, int columns)
    : conversation_(conversation),
      columns_(columns),
      messages_(conversation.log.messages()),
      name_columns_(columns >= kWideColumns ? name_columns_of(messages_) : 0),
      indent_(kTimeColumns + (name_columns_ > 0 ? name_columns_ + 2 : 0)) {}

std::size_t MessageLines::index_of(const Message::Key& key) const {
  const auto found = std::upper_bound(
      messages_.begin(), messages_.end(), key,
      [](const Message::Key& wanted, const Message* one) { return wanted < one->key; });
  const auto behind = static_cast<std::size_t>(found - messages_.begin());
  return behind == 0 ? 0 : behind - 1;
}

// Messages without a time stand in between and begin nothing.
bool MessageLines::begins_day(std::size_t index) const {
  const Message& message = *messages_[index];
  if (message.time_ms == 0) return false;
  for (std::size_t i = index; i-- > 0;) {
    if (messages_[i]->time_ms != 0) return !is_same_day(messages_[i]->time_ms, message.time_ms);
  }
  return true;
}

bool MessageLines::begins_new(std::size_t index) const {
  const std::uint64_t behind = conversation_.new_behind;
  if (behind == 0 || messages_[index]->key.offset <= behind) return false;
  return index == 0 || messages_[index - 1]->key.offset <= behind;
}

// Whether it is shown without its time and name, since the one before has them. One that commands
// are about shows what it is.
bool MessageLines::continues(std::size_t index) const {
  if (index == 0 || begins_day(index) || begins_new(index)) return false;
  const Message& message = *messages_[index];
  const Message& before = *messages_[index - 1];
  const bool is_chosen = conversation_.chosen != 0 && message.key.offset == conversation_.chosen;
  return before.kind == Message::Kind::kSaid && before.user == message.user && !is_chosen &&
         message.reply_to == 0 && message.time_ms - before.time_ms < kGroupMs;
}

std::vector<Glyphs> MessageLines::block(std::size_t index) const {
  CHIRM_CHECK(index < messages_.size(), index, messages_.size());
  std::vector<Glyphs> lines;
  const Message& message = *messages_[index];
  if (begins_day(index)) {
    lines.push_back(rule(format_time(message.time_ms, "%A, %-d %B %Y"), kFaintStyle, columns_));
  }
  if (begins_new(index)) lines.push_back(rule("new", {.colour = Colour::kMark}, columns_));
  if (message.kind == Message::Kind::kSaid) {
    append_said(lines, index);
  } else {
    append_remark(lines, message);
  }
  return lines;
}

// What stands before the text in its first line.
Glyphs MessageLines::head(const Message& message, bool is_continued) const {
  if (is_continued) return blanks(indent_);
  const bool is_chosen = conversation_.chosen != 0 && message.key.offset == conversation_.chosen;
  const Style time{.colour = Colour::kFaint, .is_reversed = is_chosen};
  const Style name{.colour = message.user.empty() ? Colour::kFaint : colour_of(message.user),
                   .is_bold = true};
  // Without a time, something as wide stands there: the names below one another stay so.
  Glyphs line =
      glyphs_of(message.time_ms == 0 ? "--:--" : format_time(message.time_ms, "%H:%M"), time);
  append(line, blanks(1));
  if (name_columns_ == 0) {
    append(line, fit(glyphs_of(name_of(message), name), std::max(columns_ / 2, 4)));
    append_glyphs(line, ": ", name);
    return line;
  }
  Glyphs who = fit(glyphs_of(name_of(message), name), name_columns_);
  append(line, blanks(name_columns_ - width_of(who)));
  append(line, std::move(who));
  append(line, blanks(2));
  return line;
}

Glyphs MessageLines::body(const Message& message) const {
  if (message.is_deleted) {
    const bool is_own = message.deleted_by.empty() || message.deleted_by == message.user;
    return glyphs_of(
        is_own ? "message deleted" : "message deleted by " + safe_line(message.deleted_by),
        kFaintStyle);
  }
  // What is not certain to have been said looks fainter than any mention.
  Style style;
  if (message.mentions_me) style = {.colour = Colour::kMark, .is_bold = true};
  if (message.state != Message::State::kStored) style = kFaintStyle;
  Glyphs text = glyphs_of(safe_text(message.text), style);
  if (message.is_edited) append_glyphs(text, " (edited)", kFaintStyle);
  if (message.state == Message::State::kPending) append_glyphs(text, " …", kFaintStyle);
  return text;
}

// One line of it. To read the past for what is not here would move what the person looks at.
Glyphs MessageLines::quote(const Message& message) const {
  const Message* to = conversation_.log.find(message.reply_to);
  if (to == nullptr) return glyphs_of("↪ an older message", kFaintStyle);
  const std::string text = to->is_deleted ? "message deleted" : safe_line(to->text);
  return glyphs_of("↪ " + name_of(*to) + ": " + text, kFaintStyle);
}

Glyphs MessageLines::reactions(const Message& message) const {
  Glyphs line;
  for (const auto& [key, users] : message.reactions) {
    if (!line.empty()) append(line, blanks(2));
    append_glyphs(line, safe_line(key), {});
    append_glyphs(line, " " + std::to_string(users.size()), {.colour = Colour::kAccent});
  }
  return line;
}

void MessageLines::append_said(std::vector<Glyphs>& lines, std::size_t index) const {
  const Message& message = *messages_[index];
  const auto add_below = [&](Glyphs more) {
    Glyphs line = blanks(indent_);
    append(line, fit(std::move(more), columns_ - indent_));
    lines.push_back(std::move(line));
  };
  if (message.reply_to != 0) add_below(quote(message));
  Glyphs first = head(message, continues(index));
  // Beside the head all lines begin in one column. Behind a name of any length the first line has
  // less room than the others, so that head and text are wrapped as one.
  const bool is_beside = name_columns_ > 0 || width_of(first) == indent_;
  const int columns = columns_ - indent_;
  if (is_beside) {
    for (Glyphs& line : wrap(body(message), columns)) {
      append(first, std::move(line));
      lines.push_back(std::move(first));
      first = blanks(indent_);
    }
  } else {
    append(first, body(message));
    bool is_first = true;
    for (Glyphs& line : wrap(first, columns_, indent_)) {
      Glyphs indented = is_first ? Glyphs{} : blanks(indent_);
      append(indented, std::move(line));
      lines.push_back(std::move(indented));
      is_first = false;
    }
  }
  if (message.state == Message::State::kFailed) {
    add_below(glyphs_of("✗ not sent: " + safe_line(message.problem), kBad));
  }
  if (!message.reactions.empty()) add_below(reactions(message));
}

// What the room or this client says. Where names have no column of their own, its sign still needs
// a place behind the time.
void MessageLines::append_remark(std::vector<Glyphs>& lines, const Message& message) const {
  const int indent = std::max(indent_, kTimeColumns + 2);
  const Style style = message.is_bad ? kBad : kFaintStyle;
  Glyphs first = glyphs_of(message.time_ms == 0 ? "     " : format_time(message.time_ms, "%H:%M"),
                           kFaintStyle);
  append(first, blanks(indent - width_of(first) - 2));
  append_glyphs(first, message.kind == Message::Kind::kEvent ? "• " : "− ", style);
  for (Glyphs& line : wrap(glyphs_of(safe_text(message.text), style), columns_ - indent)) {
    append(first, std::move(line));
    lines.push_back(std::move(first));
    first = blanks(indent);
  }
}

// From below to above, for the lower end is what is fixed; only as many messages are laid out as
// are seen.
MessageWindow window_of(const MessageLines& messages, const ViewPosition& position, int rows) {
  MessageWindow window;
  if (messages.size() == 0) return window;
  std::size_t index = position.is_at_end ? messages.size() - 1 : messages.index_of(position.bottom);
  window.below = messages.size() - 1 - index;
  auto hidden = static_cast<std::size_t>(position.is_at_end ? 0 : position.hidden);
  const auto wanted = static_cast<std::size_t>(std::max(rows, 0));
  std::vector<Glyphs> reversed;  // the lowest line first
  while (reversed.size() < wanted) {
    std::vector<Glyphs> block = messages.block(index);
    block.resize(block.size() - std::min(hidden, block.size()));
    hidden = 0;
    window.first = index;
    while (!block.empty() && reversed.size() < wanted) {
      reversed.push_back(std::move(block.back()));
      block.pop_back();
    }
    if (index-- == 0) break;
  }
  window.lines.assign(std::make_move_iterator(reversed.rbegin()),
                      std::make_move_iterator(reversed.rend()));
  return window;
}

namespace {

// The lowest position that shows the first line of all, or less if all is shown at the end.
void clamp_to_start(const MessageLines& messages, ViewPosition& position, int rows) {
  if (position.is_at_end) return;
  int lines = -position.hidden;
  for (std::size_t i = messages.index_of(position.bottom) + 1; i-- > 0 && lines < rows;) {
    lines += static_cast<int>(messages.block(i).size());
  }
  if (lines >= rows) return;
  // The first row shows the first line of all: counted from the start, which is a screen at most.
  lines = 0;
  for (std::size_t i = 0; i < messages.size(); ++i) {
    lines += static_cast<int>(messages.block(i).size());
    if (lines <= rows) continue;
    position.bottom = messages.message(i).key;
    position.hidden = lines - rows;
    return;
  }
  position = {};
}

}  // namespace

void scroll(const MessageLines& messages, ViewPosition& position, int rows, int lines) {
  if (messages.size() == 0) return;
  std::size_t index = position.is_at_end ? messages.size() - 1 : messages.index_of(position.bottom);
  const auto lines_of = [&](std::size_t i) { return static_cast<int>(messages.block(i).size()); };
  int hidden = (position.is_at_end ? 0 : position.hidden) + lines;
  // Message by message, for how high the others are nobody knows before they are laid out.
  while (hidden >= lines_of(index) && index > 0) hidden -= lines_of(index--);
  while (hidden < 0) {
    if (++index == messages.size()) {
      position = {};
      return;
    }
    hidden += lines_of(index);
  }
  // At the end again, it follows what is said.
  const bool is_at_end = hidden == 0 && index + 1 == messages.size();
  position = {.is_at_end = is_at_end, .bottom = messages.message(index).key, .hidden = hidden};
  clamp_to_start(messages, position, rows);
}

void scroll_to(const MessageLines& messages, ViewPosition& position, int rows, std::size_t index) {
  const MessageWindow window = window_of(messages, position, rows);
  if (messages.size() == 0) return;
  const std::size_t last = messages.size() - 1 - window.below;
  // The lowest and the highest may be seen in part only.
  if (index > window.first && (index < last || position.is_at_end)) return;
  const int height = static_cast<int>(messages.block(index).size());
  if (index >= last) {
    position = {.is_at_end = index + 1 == messages.size(),
                .bottom = messages.message(index).key,
                .hidden = 0};
    return;
  }
  position = {.is_at_end = false, .bottom = messages.message(index).key, .hidden = 0};
  if (height < rows) scroll(messages, position, rows, height - rows);
}

}  // namespace chirm::terminal

// SPDX-License-Identifier: MIT
#include "client/terminal/screen/input_line.h"

#include <algorithm>
#include <cwchar>

#include "client/terminal/text/utf8.h"
#include "core/base/check.h"

namespace chirm::terminal {

namespace {

std::string utf8_of(std::u32string_view characters) {
  std::string text;
  for (const char32_t c : characters) append_code_point(text, c);
  return text;
}

bool is_control(char32_t c) { return (c < 0x20 && c != U'\n') || (c >= 0x7F && c <= 0x9F); }
bool is_blank(char32_t c) { return c == U' ' || c == U'\n'; }
bool is_mark(char32_t c) { return c != U'\n' && wcwidth(static_cast<wchar_t>(c)) == 0; }

}  // namespace

void InputLine::insert(std::string_view text) {
  std::u32string added;
  char32_t last = 0;
  while (!text.empty()) {
    char32_t c = take_code_point(text);
    // Terminals send line feeds of a paste as returns, other systems both.
    const bool is_pair = c == U'\n' && last == U'\r';
    last = c;
    if (is_pair) continue;
    if (c == U'\r') c = U'\n';
    if (c == U'\t') c = U' ';
    if (!is_control(c) && text_.size() + added.size() < kCharactersMax) added += c;
  }
  text_.insert(cursor_, added);
  cursor_ += added.size();
}

void InputLine::cut(std::size_t from, std::size_t to) {
  if (from == to) return;  // what was cut before is kept
  cut_ = text_.substr(from, to - from);
  text_.erase(from, to - from);
  cursor_ = from;
}

// A character with the marks that are combined with it.
void InputLine::erase_before() {
  while (cursor_ > 0) {
    const char32_t c = text_[--cursor_];
    text_.erase(cursor_, 1);
    if (!is_mark(c)) return;
  }
}

void InputLine::erase_at() {
  if (cursor_ == text_.size()) return;
  text_.erase(cursor_, 1);
  while (cursor_ < text_.size() && is_mark(text_[cursor_])) text_.erase(cursor_, 1);
}

std::size_t InputLine::word_start() const {
  std::size_t at = cursor_;
  while (at > 0 && is_blank(text_[at - 1])) --at;
  while (at > 0 && !is_blank(text_[at - 1])) --at;
  return at;
}

std::size_t InputLine::word_end() const {
  std::size_t at = cursor_;
  while (at < text_.size() && is_blank(text_[at])) ++at;
  while (at < text_.size() && !is_blank(text_[at])) ++at;
  return at;
}

void InputLine::erase_word_before() { cut(word_start(), cursor_); }
void InputLine::erase_word_at() { cut(cursor_, word_end()); }
void InputLine::erase_to_start() { cut(0, cursor_); }
void InputLine::erase_to_end() { cut(cursor_, text_.size()); }
void InputLine::yank() { insert(utf8_of(cut_)); }

void InputLine::move(int characters) {
  for (; characters < 0 && cursor_ > 0; ++characters) {
    do --cursor_;
    while (cursor_ > 0 && is_mark(text_[cursor_]));
  }
  for (; characters > 0 && cursor_ < text_.size(); --characters) {
    do ++cursor_;
    while (cursor_ < text_.size() && is_mark(text_[cursor_]));
  }
}

void InputLine::move_word(int words) { cursor_ = words < 0 ? word_start() : word_end(); }

void InputLine::browse(int direction) {
  const std::size_t back =
      direction < 0 ? std::min(back_ + 1, past_.size()) : back_ - std::min<std::size_t>(back_, 1);
  if (back == back_) return;
  // What is changed in a line of the past is lost when another is gone to, as long as it is not
  // sent.
  if (back_ == 0) present_ = text_;
  back_ = back;
  text_ = back_ == 0 ? present_ : past_[past_.size() - back_];
  move_to_end();
}

std::string InputLine::take() {
  const std::string text = this->text();
  if (!text_.empty()) {
    // The same line again moves to the end, so that the Up key never shows it twice.
    std::erase(past_, text_);
    past_.push_back(std::move(text_));
    if (past_.size() > kPastMax) past_.pop_front();
  }
  text_.clear();
  present_.clear();
  cursor_ = back_ = 0;
  return text;
}

void InputLine::set(std::string_view before_cursor, std::string_view behind_cursor) {
  text_.clear();
  cursor_ = back_ = 0;
  insert(before_cursor);
  const std::size_t cursor = cursor_;
  insert(behind_cursor);
  cursor_ = cursor;
}

std::string InputLine::text() const { return utf8_of(text_); }

std::string InputLine::text_before_cursor() const {
  return utf8_of(std::u32string_view(text_).substr(0, cursor_));
}

std::string InputLine::text_behind_cursor() const {
  return utf8_of(std::u32string_view(text_).substr(cursor_));
}

void InputLine::check() const {
  CHIRM_CHECK(cursor_ <= text_.size() && text_.size() <= kCharactersMax, cursor_, text_.size());
  CHIRM_CHECK(std::none_of(text_.begin(), text_.end(), is_control));
  CHIRM_CHECK(back_ <= past_.size() && past_.size() <= kPastMax, back_, past_.size());
  for (const std::u32string& line : past_) CHIRM_CHECK(!line.empty());
}

}  // namespace chirm::terminal

// SPDX-License-Identifier: MIT
#pragma once
// The line that is being typed: its text, the cursor, what was typed before. Pure. Private to
// client/terminal/.

#include <cstddef>
#include <deque>
#include <string>
#include <string_view>

namespace chirm::terminal {

class InputLine {
 public:
  static constexpr std::size_t kCharactersMax = 8000;
  static constexpr std::size_t kPastMax = 500;

  // UTF-8 at the cursor. Control characters but line feeds are left out, and what is too much.
  void insert(std::string_view text);
  void erase_before();
  void erase_at();
  void erase_word_before();
  void erase_word_at();
  void erase_to_start();
  void erase_to_end();
  // Inserts what was erased last by a word or more.
  void yank();

  void move(int characters);
  void move_word(int words);
  void move_to_start() { cursor_ = 0; }
  void move_to_end() { cursor_ = text_.size(); }

  // Through what was typed before, -1 to the older one.
  void browse(int direction);
  // Empties the line, which becomes part of the past, and returns it.
  std::string take();
  void set(std::string_view before_cursor, std::string_view behind_cursor = {});

  bool is_empty() const { return text_.empty(); }
  std::string text() const;
  std::string text_before_cursor() const;
  std::string text_behind_cursor() const;
  const std::u32string& characters() const { return text_; }
  std::size_t cursor() const { return cursor_; }  // index into characters()
  // Ends the process when what it says of itself does not hold.
  void check() const;

 private:
  std::size_t word_start() const;
  std::size_t word_end() const;
  void cut(std::size_t from, std::size_t to);

  std::u32string text_;  // at most kCharactersMax; no control characters but line feeds
  std::size_t cursor_ = 0;
  std::u32string cut_;               // for yank()
  std::deque<std::u32string> past_;  // oldest first, each once, none empty; at most kPastMax
  std::size_t back_ = 0;             // steps back in the past, 0 at the present
  std::u32string present_;           // what was typed before browsing
};

}  // namespace chirm::terminal

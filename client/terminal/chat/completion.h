// SPDX-License-Identifier: MIT
#pragma once
// What the Tab key puts into the line: commands, rooms and names. Pure. Private to
// client/terminal/.

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "client/terminal/chat/known_names.h"
#include "client/terminal/screen/input_line.h"

namespace chirm::terminal {

// What the word that ends `text` could be, in the order of the alphabet; `start` is where in `text`
// it begins.
struct Completions {
  std::size_t start = 0;
  std::vector<std::string> words;
};
Completions completions_of(std::string_view text, const CompletionSources& sources);

// Goes through the completions with each Tab.
class Completer {
 public:
  // Puts the next one (-1: the one before) into the line. A line that has changed since is a new
  // question. Returns what there is to choose from, "" when it is nothing or one.
  std::string complete(InputLine& input, const CompletionSources& sources, int direction);

 private:
  Completions found_;
  std::string behind_;     // the text behind the cursor
  std::string completed_;  // the line as the last completion has left it
  std::size_t index_ = 0;
};

}  // namespace chirm::terminal

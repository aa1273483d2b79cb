// SPDX-License-Identifier: MIT
#pragma once
// A line that is edited at the bottom of the terminal while other lines come in above it. Editing
// is done by libedit; lives on the loop and never blocks it.

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "core/base/error.h"
#include "core/loop/loop.h"

namespace chirm::terminal {

class LineEditor {
 public:
  struct Callbacks {
    std::function<void(std::string_view line)> on_line;
    std::function<void()> on_end;  // Ctrl-D on an empty line, or the terminal has gone
  };

  // Takes over the terminal on stdin and stdout. The callbacks may not destroy the editor.
  [[nodiscard]] static Expected<std::unique_ptr<LineEditor>, Error> create(Loop& loop,
                                                                           Callbacks callbacks);
  // Removes the prompt and gives the terminal back as it was.
  ~LineEditor();
  LineEditor(const LineEditor&) = delete;
  LineEditor& operator=(const LineEditor&) = delete;

  // Prints lines above the prompt; the half-typed line stays. `text` is without the last line feed.
  void print(std::string_view text);
  // UTF-8 without control characters.
  void set_prompt(std::string_view prompt);

 private:
  struct Impl;
  explicit LineEditor(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace chirm::terminal

// SPDX-License-Identifier: MIT
#pragma once
// Terminals of a test: programs run in tmux as people would run them, keys are pressed, and what is
// on the screen is read. Ends with the test.

#include <chrono>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/temp_directory.h"

namespace chirm::testing {

class Tmux {
 public:
  struct Size {
    int columns = 100;
    int rows = 24;
  };

  Tmux() = default;
  ~Tmux();
  Tmux(const Tmux&) = delete;
  Tmux& operator=(const Tmux&) = delete;

  // Starts a shell command in a terminal of its own; the name is for the other functions.
  void open(const std::string& name, const std::string& command, Size size);
  void hang_up(const std::string& name);
  void type(const std::string& name, std::string_view text);
  // By tmux's names: "Enter", "C-z", "PageUp".
  void press(const std::string& name, const std::vector<std::string>& keys);
  void paste(const std::string& name, const std::string& text);
  void resize(const std::string& name, Size size);
  // What is on the screen, at most 20 ms old.
  const std::string& screen(const std::string& name);

 private:
  struct Screen {
    std::string text;
    std::chrono::steady_clock::time_point time;
  };

  std::string run(std::vector<std::string> arguments);

  TempDirectory directory_;
  std::map<std::string, Screen> screens_;
};

}  // namespace chirm::testing

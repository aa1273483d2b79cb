// SPDX-License-Identifier: MIT
#pragma once
// Terminals of a test: programs run in tmux as people would run them, keys are pressed, and what is
// on the screen is read. Each object has a tmux server of its own, on a socket of its own, which
// ends with it and not before: not when the last terminal is hung up, either. What goes wrong with
// tmux itself fails the test, with what tmux said.

#include <sys/types.h>

#include <chrono>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/loop/loop.h"
#include "tests/support/temp_directory.h"

namespace chirm::testing {

class Tmux {
 public:
  struct Size {
    int columns = 100;
    int rows = 24;
  };
  // True when the screen shows what is waited for.
  using IsShown = std::function<bool(const std::string& screen)>;

  Tmux() = default;
  ~Tmux();
  Tmux(const Tmux&) = delete;
  Tmux& operator=(const Tmux&) = delete;

  // Starts a shell command in a terminal of its own; the name is for the other functions, and free
  // again after hang_up(). When the command has ended, its last screen stays.
  void open(const std::string& name, const std::string& command, Size size);
  void hang_up(const std::string& name);
  void type(const std::string& name, std::string_view text);
  // By tmux's names: "Enter", "C-z", "PageUp".
  void press(const std::string& name, const std::vector<std::string>& keys);
  void paste(const std::string& name, const std::string& text);
  void resize(const std::string& name, Size size);
  // What is on the screen, at most 20 ms old.
  const std::string& screen(const std::string& name);

  // Runs the loop until the screen shows it. False, after a failure of the test with the last
  // screen: at once when it cannot come any more, for the command or tmux has ended; else after a
  // minute. `what` is for that failure.
  bool run_until(Loop& loop, const std::string& name, const std::string& what,
                 const IsShown& is_shown);
  // The same, until a text is on the screen, or gone from it.
  bool run_until_shows(Loop& loop, const std::string& name, const std::string& text);
  bool run_until_hides(Loop& loop, const std::string& name, const std::string& text);

 private:
  struct Screen {
    std::string text;
    std::string end;  // how the command has ended, "" while it runs
    std::chrono::steady_clock::time_point time;
  };
  struct Answer {
    bool is_good;
    std::string output;
    std::string errors;
  };

  void start_server();
  void run(std::vector<std::string> arguments);
  Answer ask(std::vector<std::string> arguments);
  void look(const std::string& name);

  TempDirectory directory_;
  pid_t server_ = 0;     // 0: not started
  std::string problem_;  // why tmux can be used no more, "" while it can
  std::map<std::string, Screen> screens_;
};

}  // namespace chirm::testing

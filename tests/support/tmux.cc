// SPDX-License-Identifier: MIT
#include "tests/support/tmux.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>

#include "core/base/check.h"

namespace chirm::testing {

namespace {
constexpr auto kFresh = std::chrono::milliseconds(20);
}  // namespace

Tmux::~Tmux() {
  if (!screens_.empty()) run({"kill-server"});
}

// Waits for tmux, which answers at once, and returns what it prints.
std::string Tmux::run(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(),
                   {"tmux", "-S", directory_.path() + "/socket", "-f", "/dev/null", "-u"});
  std::vector<char*> words;
  for (std::string& argument : arguments) words.push_back(argument.data());
  words.push_back(nullptr);
  std::array<int, 2> pipe_ends{};
  CHIRM_CHECK(pipe2(pipe_ends.data(), O_CLOEXEC) == 0);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, pipe_ends[1], STDOUT_FILENO);
  pid_t pid = 0;
  CHIRM_CHECK(posix_spawnp(&pid, "tmux", &actions, nullptr, words.data(), environ) == 0);
  posix_spawn_file_actions_destroy(&actions);
  close(pipe_ends[1]);
  std::string output;
  std::array<char, 4096> buffer;
  for (ssize_t size = 0; (size = read(pipe_ends[0], buffer.data(), buffer.size())) > 0;) {
    output.append(buffer.data(), static_cast<std::size_t>(size));
  }
  close(pipe_ends[0]);
  int status = 0;
  waitpid(pid, &status, 0);
  return output;
}

void Tmux::open(const std::string& name, const std::string& command, Size size) {
  screens_[name] = {};
  run({"new-session", "-d", "-s", name, "-x", std::to_string(size.columns), "-y",
       std::to_string(size.rows), command});
}

void Tmux::hang_up(const std::string& name) {
  run({"kill-session", "-t", name});
  screens_[name] = {};
}

void Tmux::type(const std::string& name, std::string_view text) {
  run({"send-keys", "-t", name, "-l", std::string(text)});
  screens_[name].time = {};
}

void Tmux::press(const std::string& name, const std::vector<std::string>& keys) {
  std::vector<std::string> arguments{"send-keys", "-t", name};
  arguments.insert(arguments.end(), keys.begin(), keys.end());
  run(std::move(arguments));
  screens_[name].time = {};
}

void Tmux::paste(const std::string& name, const std::string& text) {
  run({"set-buffer", "-b", "test", text});
  run({"paste-buffer", "-p", "-b", "test", "-t", name});
}

void Tmux::resize(const std::string& name, Size size) {
  run({"resize-window", "-t", name, "-x", std::to_string(size.columns), "-y",
       std::to_string(size.rows)});
  screens_[name].time = {};
}

const std::string& Tmux::screen(const std::string& name) {
  Screen& screen = screens_[name];
  const auto now = std::chrono::steady_clock::now();
  if (now - screen.time >= kFresh) screen = {run({"capture-pane", "-p", "-t", name}), now};
  return screen.text;
}

}  // namespace chirm::testing

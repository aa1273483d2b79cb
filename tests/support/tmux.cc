// SPDX-License-Identifier: MIT
#include "tests/support/tmux.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <fstream>

#include "core/base/check.h"
#include "tests/support/loop_runner.h"

namespace chirm::testing {

namespace {

constexpr auto kFresh = std::chrono::milliseconds(20);
// What tmux is told of a pane after its text: that it is dead, its exit status, its signal.
constexpr std::string_view kState = "#{pane_dead} #{pane_dead_status} #{pane_dead_signal}";

// A file's content, from the start.
std::string content_of(int fd) {
  std::string text;
  std::array<char, 4096> buffer;
  for (ssize_t size = 0;
       (size = pread(fd, buffer.data(), buffer.size(), static_cast<off_t>(text.size()))) > 0;) {
    text.append(buffer.data(), static_cast<std::size_t>(size));
  }
  return text;
}

bool is_end_explained(const std::string& state) {
  return state.find_first_of("0123456789", 1) != std::string::npos;
}

std::string describe_end(const std::string& state) {
  if (!state.starts_with('1') || !is_end_explained(state)) return "";
  return "the command has ended (exit status and signal:" + state.substr(1) + ")";
}

}  // namespace

Tmux::~Tmux() {
  if (server_ == 0) return;
  (void)ask({"kill-server"});
  // Should it hang, nothing of it may be left over.
  if (kill(server_, 0) == 0) (void)kill(server_, SIGKILL);
}

// By default a server ends with its last session, at some time after that has been answered; a
// session that is made meanwhile ends with it. And a pane vanishes with its command, and with it
// whatever would tell why.
void Tmux::start_server() {
  const std::string configuration = directory_.path() + "/tmux.conf";
  std::ofstream(configuration) << "set -s exit-empty off\n"
                                  "set -g remain-on-exit on\n"
                                  "set -g remain-on-exit-format ''\n";
  const Answer answer =
      ask({"-f", configuration, "start-server", ";", "display-message", "-p", "#{pid}"});
  server_ = static_cast<pid_t>(std::atoi(answer.output.c_str()));
  if (answer.is_good && server_ > 0) return;
  server_ = 0;
  problem_ = "tmux does not start: " + answer.errors;
  ADD_FAILURE() << problem_;
}

// Runs a tmux command, which the server does before it answers. What is printed goes to files in
// memory: nobody has to read from two pipes at once.
Tmux::Answer Tmux::ask(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), {"tmux", "-S", directory_.path() + "/socket", "-u"});
  std::vector<char*> words;
  for (std::string& argument : arguments) words.push_back(argument.data());
  words.push_back(nullptr);
  const int output = memfd_create("output", MFD_CLOEXEC);
  const int errors = memfd_create("errors", MFD_CLOEXEC);
  CHIRM_CHECK(output >= 0 && errors >= 0, errno);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, errors, STDERR_FILENO);
  pid_t pid = 0;
  const int failed = posix_spawnp(&pid, "tmux", &actions, nullptr, words.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  int status = -1;
  if (failed == 0) (void)waitpid(pid, &status, 0);
  Answer answer{failed == 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0, content_of(output),
                failed == 0 ? content_of(errors) : "cannot run tmux"};
  close(output);
  close(errors);
  return answer;
}

// A command that must work. After one that did not, tmux is not asked any more: each further
// failure would only hide the first.
void Tmux::run(std::vector<std::string> arguments) {
  if (server_ == 0 && problem_.empty()) start_server();
  if (!problem_.empty()) return;
  const std::string command = arguments.front();
  const Answer answer = ask(std::move(arguments));
  if (answer.is_good) return;
  problem_ = "tmux " + command + ": " + answer.errors +
             (kill(server_, 0) == 0 ? "" : "(its server has died)");
  ADD_FAILURE() << problem_;
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
  screens_[name].time = {};
}

void Tmux::resize(const std::string& name, Size size) {
  run({"resize-window", "-t", name, "-x", std::to_string(size.columns), "-y",
       std::to_string(size.rows)});
  screens_[name].time = {};
}

void Tmux::look(const std::string& name) {
  Screen& screen = screens_[name];
  const auto now = std::chrono::steady_clock::now();
  if (!problem_.empty() || now - screen.time < kFresh) return;
  const Answer answer = ask({"capture-pane", "-p", "-t", name, ";", "display-message", "-p", "-t",
                             name, std::string(kState)});
  if (!answer.is_good) {
    problem_ = "tmux capture-pane: " + answer.errors;
    return;  // with the last screen that there was
  }
  const std::size_t end = answer.output.rfind('\n', answer.output.size() - 2) + 1;
  const std::string state = answer.output.substr(end);
  // A pane is dead when its terminal is closed; what its command ended with comes with SIGCHLD.
  // tmux 3.3a now and then misses that signal, and leaves the command a zombie until the next one.
  if (state.starts_with('1') && !is_end_explained(state)) (void)kill(server_, SIGCHLD);
  screen = {answer.output.substr(0, end), describe_end(state), now};
}

const std::string& Tmux::screen(const std::string& name) {
  look(name);
  return screens_[name].text;
}

bool Tmux::run_until(Loop& loop, const std::string& name, const std::string& what,
                     const IsShown& is_shown) {
  bool is_true = false;
  const auto is_over = [&] {
    is_true = is_shown(screen(name));
    return is_true || !problem_.empty() || !screens_[name].end.empty();
  };
  const bool is_in_time = testing::run_until(loop, is_over, kDeadlineMs);
  if (is_true) return true;
  ADD_FAILURE() << "the terminal of " << name << " does not show: " << what << "\n"
                << (!is_in_time        ? "in " + std::to_string(kDeadlineMs / 1000) + " s"
                    : problem_.empty() ? screens_[name].end
                                       : problem_)
                << "\n--- last screen of " << name << "\n"
                << screens_[name].text << "---";
  return false;
}

bool Tmux::run_until_shows(Loop& loop, const std::string& name, const std::string& text) {
  return run_until(loop, name, "\"" + text + "\"", [&](const std::string& screen) {
    return screen.find(text) != std::string::npos;
  });
}

bool Tmux::run_until_hides(Loop& loop, const std::string& name, const std::string& text) {
  return run_until(loop, name, "that \"" + text + "\" is gone", [&](const std::string& screen) {
    return screen.find(text) == std::string::npos;
  });
}

}  // namespace chirm::testing

// SPDX-License-Identifier: MIT
#include "tests/support/process.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

#include "core/base/check.h"

namespace chirm::testing {

namespace {

std::array<int, 2> make_pipe() {
  std::array<int, 2> ends{};
  CHIRM_CHECK(pipe2(ends.data(), O_CLOEXEC) == 0, errno);
  return ends;
}

std::vector<char*> to_argv(std::vector<std::string>& words) {
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  return argv;
}

}  // namespace

Process::Process(Loop& loop, Options options) {
  const auto input = make_pipe();
  const auto output = make_pipe();
  const auto errors = make_pipe();
  const std::vector<char*> argv = to_argv(options.arguments);
  pid_ = fork();
  CHIRM_CHECK(pid_ >= 0, errno);
  if (pid_ == 0) {
    prctl(PR_SET_PDEATHSIG, options.parent_death_signal);
    setpgid(0, 0);
    signal(SIGPIPE, SIG_DFL);  // ignored by a test is ignored by its children otherwise
    dup2(input[0], STDIN_FILENO);
    dup2(output[1], STDOUT_FILENO);
    dup2(errors[1], STDERR_FILENO);
    for (std::string& variable : options.environment) putenv(variable.data());
    execvp(argv[0], argv.data());
    _exit(127);
  }
  setpgid(pid_, pid_);  // whoever of the two comes first
  close(input[0]);
  close(output[1]);
  close(errors[1]);
  input_fd_ = input[1];
  streams_[0].fd = output[0];
  streams_[1].fd = errors[0];
  for (Stream& stream : streams_) {
    CHIRM_CHECK(fcntl(stream.fd, F_SETFL, O_NONBLOCK) == 0, errno);
    stream.watcher = std::make_unique<FdWatcher>(loop, stream.fd,
                                                 [&stream](FdWatcher::Events) { read(stream); });
    stream.watcher->watch({.readable = true});
  }
}

Process::~Process() {
  kill();
  close_input();
  for (Stream& stream : streams_) {
    stream.watcher.reset();
    if (stream.fd >= 0) close(stream.fd);
  }
}

void Process::read(Stream& stream) {
  std::array<char, 4096> buffer{};
  while (true) {
    const ssize_t bytes = ::read(stream.fd, buffer.data(), buffer.size());
    if (bytes > 0) {
      stream.text.append(buffer.data(), static_cast<std::size_t>(bytes));
    } else if (bytes < 0 && errno == EINTR) {
      continue;
    } else {
      if (bytes == 0) stream.watcher.reset();
      return;
    }
  }
}

void Process::send_signal(int signal) {
  if (pid_ <= 0 || exit_code_) return;
  CHIRM_CHECK(::kill(pid_, signal) == 0, errno, signal);
  if (signal != SIGSTOP) return;
  // On another processor it runs on for a moment, and would take in what is sent to it next.
  siginfo_t info{};
  const int rc = waitid(P_PID, static_cast<id_t>(pid_), &info, WSTOPPED | WEXITED | WNOWAIT);
  CHIRM_CHECK(rc == 0, errno, pid_);
}

void Process::kill() {
  ::kill(-pid_, SIGKILL);  // fails when all of the group is gone
  if (exit_code_) return;
  int status = 0;
  CHIRM_CHECK(waitpid(pid_, &status, 0) == pid_, errno);
  exit_code_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  for (Stream& stream : streams_) {
    if (stream.watcher) read(stream);
  }
}

void Process::write_input(std::string_view text) {
  while (!text.empty()) {
    const ssize_t bytes = ::write(input_fd_, text.data(), text.size());
    CHIRM_CHECK(bytes > 0, errno);
    text.remove_prefix(static_cast<std::size_t>(bytes));
  }
}

void Process::close_input() {
  if (input_fd_ >= 0) close(input_fd_);
  input_fd_ = -1;
}

std::optional<int> Process::exit_code() {
  if (!exit_code_) {
    int status = 0;
    if (waitpid(pid_, &status, WNOHANG) != pid_) return std::nullopt;
    exit_code_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }
  // Something that it left behind may hold the other end: nothing to wait for.
  for (Stream& stream : streams_) {
    if (stream.watcher) read(stream);
  }
  return exit_code_;
}

}  // namespace chirm::testing

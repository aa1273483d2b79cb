// SPDX-License-Identifier: MIT
#include "bin/password.h"

#include <signal.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <iostream>
#include <optional>

#include "core/accounts/accounts.h"
#include "core/broker/broker.h"
#include "core/loop/loop.h"
#include "core/loop/timer.h"

namespace chirm {

namespace {

constexpr std::uint64_t kPatienceMs = 15'000;

constexpr std::array kEndings = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};

// Of the process's one terminal, for a signal's handler.
termios terminal_before{};

void on_ending_signal(int number) {
  (void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &terminal_before);
  signal(number, SIG_DFL);
  (void)raise(number);
}

// While it lives, what is typed is not shown. Whatever ends the process shows it again.
class NoEcho {
 public:
  NoEcho() {
    is_terminal_ = tcgetattr(STDIN_FILENO, &terminal_before) == 0;
    if (!is_terminal_) return;
    for (const int number : kEndings) signal(number, on_ending_signal);
    termios silent = terminal_before;
    silent.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    (void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent);
  }
  ~NoEcho() {
    if (!is_terminal_) return;
    (void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &terminal_before);
    for (const int number : kEndings) signal(number, SIG_DFL);
  }
  NoEcho(const NoEcho&) = delete;
  NoEcho& operator=(const NoEcho&) = delete;

 private:
  bool is_terminal_ = false;
};

// A line of stdin, without what a file of another system ends it with.
std::string read_line(const std::string& prompt, bool is_terminal) {
  if (is_terminal) std::cerr << prompt << std::flush;
  std::string line;
  std::getline(std::cin, line);
  if (is_terminal) std::cerr << '\n';
  if (line.ends_with('\r')) line.pop_back();
  return line;
}

// Nobody is connected to this process.
class NoListener final : public BrokerListener {
  void on_publication(std::string_view, std::uint64_t, std::string_view,
                      std::string_view) override {}
  void on_signal(std::string_view, std::string_view) override {}
  void on_rewritten(std::string_view, std::uint64_t, std::string_view) override {}
  void on_maybe_missed(std::string_view) override {}
  Position known_position(std::string_view) override { return {}; }
  std::vector<Publication> tail(std::string_view, std::uint64_t, std::size_t) override {
    return {};
  }
};

}  // namespace

Expected<std::string, Error> read_password(const std::string& name) {
  const bool is_terminal = isatty(STDIN_FILENO) != 0;
  const NoEcho silent;
  const std::string password = read_line("Password of " + name + ": ", is_terminal);
  // Counted as accounts count them, by the bytes that begin a character, so that a wrong one is
  // refused before it is asked for again.
  const auto characters = static_cast<std::uint64_t>(std::ranges::count_if(
      password, [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
  if (characters < Accounts::kPasswordMin || characters > Accounts::kPasswordMax) {
    return Unexpected<Error>({"expected a password of " + std::to_string(Accounts::kPasswordMin) +
                              " to " + std::to_string(Accounts::kPasswordMax) +
                              " characters on stdin"});
  }
  if (is_terminal && read_line("Again: ", true) != password) {
    return Unexpected<Error>({"the two passwords are not the same; nothing was changed"});
  }
  return password;
}

Expected<void, Error> store_password(Loop& loop, Broker& broker, const std::string& name,
                                     const std::string& password) {
  static NoListener nobody;  // without state, and the broker may call it last
  broker.set_listener(nobody);
  // As a server does: what is written in a turn leaves at its end.
  const auto hook = loop.add_turn_end_hook([&broker] {
    broker.flush();
    return Loop::TurnEnd::kDone;
  });
  Revocations revocations(loop, broker.documents());
  Accounts accounts(loop, broker.documents(), revocations, {});
  std::optional<Expected<void, AccountError>> result;
  accounts.set_password(name, password, [&](const Expected<void, AccountError>& set) {
    result = set;
    loop.stop();
  });
  Timer patience(loop, [&loop] { loop.stop(); });
  patience.start(kPatienceMs);
  if (!result) loop.run();
  if (!result) return Unexpected<Error>({"the store does not answer"});
  if (!*result) return Unexpected<Error>({result->error().message});
  return {};
}

}  // namespace chirm

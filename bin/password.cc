// SPDX-License-Identifier: MIT
#include "bin/password.h"

#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <iostream>
#include <optional>

#include "core/accounts/accounts.h"
#include "core/broker/broker.h"
#include "core/loop/loop.h"
#include "core/loop/timer.h"

namespace chirm {

namespace {

constexpr std::uint64_t kPatienceMs = 15'000;

// While it lives, what is typed is not shown.
class NoEcho {
 public:
  NoEcho() {
    is_terminal_ = tcgetattr(STDIN_FILENO, &before_) == 0;
    termios silent = before_;
    silent.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    if (is_terminal_) (void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent);
  }
  ~NoEcho() {
    if (!is_terminal_) return;
    (void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &before_);
    std::cerr << '\n';
  }
  NoEcho(const NoEcho&) = delete;
  NoEcho& operator=(const NoEcho&) = delete;

 private:
  termios before_{};
  bool is_terminal_ = false;
};

// Nobody is connected to this process.
class NoListener final : public BrokerListener {
  void on_publication(std::string_view, std::uint64_t, std::string_view,
                      std::string_view) override {}
  void on_signal(std::string_view, std::string_view) override {}
  void on_rewritten(std::string_view, std::uint64_t) override {}
  void on_maybe_missed(std::string_view) override {}
  Position known_position(std::string_view) override { return {}; }
  std::vector<Publication> tail(std::string_view, std::uint64_t, std::size_t) override {
    return {};
  }
};

}  // namespace

Expected<std::string, Error> read_password(const std::string& name) {
  if (isatty(STDIN_FILENO) != 0) std::cerr << "Password of " << name << ": " << std::flush;
  std::string password;
  {
    const NoEcho silent;
    std::getline(std::cin, password);
  }
  const auto characters = static_cast<std::uint64_t>(std::ranges::count_if(
      password, [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
  if (characters >= Accounts::kPasswordMin && characters <= Accounts::kPasswordMax) {
    return password;
  }
  return Unexpected<Error>({"expected a password of " + std::to_string(Accounts::kPasswordMin) +
                            " to " + std::to_string(Accounts::kPasswordMax) +
                            " characters on stdin"});
}

Expected<void, Error> store_password(Loop& loop, Broker& broker, const std::string& name,
                                     const std::string& password) {
  static NoListener nobody;  // without state, and the broker may call it last
  broker.set_listener(nobody);
  loop.add_turn_end_hook([&broker] {
    broker.flush();
    return Loop::TurnEnd::kDone;
  });
  Accounts accounts(loop, broker.documents(), {});
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

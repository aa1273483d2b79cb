// SPDX-License-Identifier: MIT
#pragma once
// Becomes somebody on a server before it is connected to, and stays so: logs in, registers, comes
// in as a guest or with a remembered session, and keeps the connection's token fresh. Lives on the
// loop.

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "client/auth_client.h"
#include "client/client.h"
#include "client/terminal/sign_in/prompt.h"
#include "client/terminal/sign_in/session_file.h"
#include "core/loop/loop.h"
#include "core/loop/timer.h"

namespace chirm::terminal {

struct SignInOptions {
  client::Url url;
  std::string name;
  std::string token;  // of the operator's own system; nothing else is needed then
  std::optional<std::string> password;
  bool registers = false;  // creates the account
  bool is_guest = false;   // wants no account
  bool remembers = false;  // keeps the session for the next time
  // Asks a person for a line, and waits; nullopt when there is none to be had. May be empty.
  std::function<std::optional<std::string>(const std::string& prompt, Echo echo)> ask;
};

// Who one is.
struct Identity {
  std::string user;  // "" while only the server knows
  std::string name;
};

// One class: its many members are how far one dialogue with the server and the person has come.
class SignIn {
 public:
  // Told what happens, each as a line.
  using OnStatus = std::function<void(std::string_view text)>;
  // Why it did not work, as a line for stderr, or who one is.
  using OnDone = std::function<void(Expected<Identity, std::string>)>;

  // The callbacks may destroy it.
  SignIn(Loop& loop, SignInOptions options, OnStatus on_status);

  // Tries until it has worked or cannot work; a server that is away is waited for.
  void start(OnDone done);
  // What connects as who one is. The client's events call renew() from on_token_wanted(), which
  // only comes when there is a session to be renewed. The client must outlive the answer.
  void apply_to(client::Options& options) const;
  void renew(client::Client& client);
  // Gives the session back, unless it is remembered, and then calls `done`.
  void leave(std::function<void()> done);

 private:
  enum class Step : std::uint8_t { kSettings, kResume, kEnter };
  enum class Way : std::uint8_t { kLogIn, kRegister, kGuest };
  using Session = Expected<client::AuthSession, client::AuthError>;

  void run();
  void on_settings(const Expected<client::AuthSettings, client::AuthError>& settings);
  void resume();
  void enter();
  void enter_with_password();
  std::optional<std::string> ask_for_password();
  void choose_way();
  std::optional<std::string> ask_for_new_password();
  void on_session(const Session& session);
  void take(const client::AuthSession& session);
  void refused(const client::AuthError& error);
  void retry_later(const client::AuthError& error);
  void finish(Identity identity);
  bool may_ask_again(const client::AuthError& error);
  void fail(std::string why);

  SignInOptions options_;
  OnStatus on_status_;
  OnDone done_;
  client::AuthClient auth_;
  SessionFile file_;
  Timer retry_;
  Step step_ = Step::kSettings;
  Way way_;
  client::AuthSettings settings_;
  std::optional<client::AuthSession> session_;
  std::string known_token_;         // that was remembered; "" when none was
  bool may_be_registered_ = false;  // a request to register got no answer
  // What registering was refused with, while logging in tells whose account it is.
  std::optional<client::AuthError> taken_;
  bool is_password_typed_ = false;  // by the person, not given with the options
  int wrong_answers_ = 0;
  std::uint32_t failures_ = 0;  // in a row
  std::string outage_;          // said last
};

}  // namespace chirm::terminal

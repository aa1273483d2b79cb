// SPDX-License-Identifier: MIT
#include "client/terminal/sign_in/sign_in.h"

#include <algorithm>
#include <utility>

#include "client/terminal/text/safe_text.h"
#include "client/terminal/text/wording.h"
#include "core/base/check.h"

namespace chirm::terminal {

namespace {

constexpr int kTries = 3;  // of a person who is asked
constexpr std::uint64_t kRetryMinMs = 250;
constexpr std::uint64_t kRetryMaxMs = 5000;
constexpr std::uint32_t kRetryAfterMaxS = 60;

}  // namespace

SignIn::SignIn(Loop& loop, SignInOptions options, OnStatus on_status)
    : options_(std::move(options)),
      on_status_(std::move(on_status)),
      auth_(loop, options_.url),
      file_(options_.url),
      retry_(loop, [this] { run(); }),
      way_(options_.is_guest    ? Way::kGuest
           : options_.registers ? Way::kRegister
                                : Way::kLogIn) {}

void SignIn::start(OnDone done) {
  CHIRM_CHECK(!done_);
  done_ = std::move(done);
  retry_.start(0);  // never from within: the caller may not be ready to be told
}

void SignIn::run() {
  // Who brings a token is somebody already; the server will say who.
  if (!options_.token.empty()) return finish({});
  switch (step_) {
    case Step::kSettings:
      return auth_.settings([this](const auto& settings) { on_settings(settings); });
    case Step::kResume:
      return resume();
    case Step::kEnter:
      return enter();
  }
}

void SignIn::on_settings(const Expected<client::AuthSettings, client::AuthError>& settings) {
  if (!settings) {
    if (settings.error().is_temporary()) return retry_later(settings.error());
    return fail(settings.error().message);
  }
  failures_ = 0;
  settings_ = *settings;
  // Names are free there: one is who one says.
  if (!settings_.accounts) return finish({options_.name, options_.name});
  step_ = Step::kResume;
  run();
}

// With what was remembered, if it is of the same person.
void SignIn::resume() {
  const auto remembered = options_.remembers ? file_.load() : std::nullopt;
  // Of another name, or of an account where a guest is wanted (guests' users begin with ~), it
  // would make one somebody else than was asked for.
  const bool is_wanted = remembered && !options_.registers && options_.name == remembered->name &&
                         (!options_.is_guest || remembered->user.starts_with('~'));
  if (!is_wanted) {
    step_ = Step::kEnter;
    return run();
  }
  known_token_ = remembered->refresh_token;
  auth_.refresh(remembered->refresh_token, [this](const Session& session) {
    if (session || session.error().is_temporary()) return on_session(session);
    // Refused for good, it would be refused the next time, too.
    file_.remove();
    step_ = Step::kEnter;
    run();
  });
}

void SignIn::enter() {
  // A script without a password.
  const bool is_silent = way_ == Way::kLogIn && !options_.password && !options_.ask;
  if (is_silent && !settings_.guests) {
    return fail("the server wants a password: --password-file or CHIRM_PASSWORD");
  }
  if (is_silent) way_ = Way::kGuest;
  if (way_ != Way::kGuest) return enter_with_password();
  if (!settings_.guests) return fail("the server takes no guests");
  auth_.enter_as_guest(options_.name, [this](const Session& session) { on_session(session); });
}

void SignIn::enter_with_password() {
  if (way_ == Way::kRegister && !settings_.registration) {
    return fail("the server does not let people register");
  }
  if (!options_.password) {
    is_password_typed_ = true;
    if (way_ == Way::kLogIn) options_.password = ask_for_password();
    if (way_ == Way::kGuest) return enter();
    if (way_ == Way::kRegister) options_.password = ask_for_new_password();
    if (!options_.password) return fail("no password");
  }
  const auto done = [this](const Session& session) { on_session(session); };
  if (way_ == Way::kRegister) return auth_.create(options_.name, *options_.password, done);
  auth_.enter(options_.name, *options_.password, known_token_, done);
}

// Who has no account has no password: nothing typed leads to the other ways.
std::optional<std::string> SignIn::ask_for_password() {
  std::string others;
  if (settings_.registration) others = "register";
  if (settings_.guests) others += others.empty() ? "be a guest" : " or be a guest";
  const std::string hint = others.empty() ? "" : " (Enter alone: " + others + ")";
  const auto password =
      options_.ask("Password of " + safe_line(options_.name) + hint + ": ", Echo::kHidden);
  const bool wants_other = password && password->empty() && !others.empty();
  if (!wants_other) return password;
  choose_way();
  return std::nullopt;
}

// Stays the same when the person gives up.
void SignIn::choose_way() {
  if (!settings_.guests) way_ = Way::kRegister;
  if (!settings_.registration) way_ = Way::kGuest;
  for (int tries = 0; tries < kTries && way_ == Way::kLogIn; ++tries) {
    const auto answer = options_.ask(
        "Register " + safe_line(options_.name) + " (r) or be a guest (g)? [g] ", Echo::kShown);
    if (!answer) return;
    if (answer->empty() || *answer == "g" || *answer == "G") way_ = Way::kGuest;
    if (*answer == "r" || *answer == "R") way_ = Way::kRegister;
  }
}

std::optional<std::string> SignIn::ask_for_new_password() {
  if (!options_.ask) return std::nullopt;
  // Twice, for nobody sees what is typed.
  const auto first =
      options_.ask("New password for " + safe_line(options_.name) + ": ", Echo::kHidden);
  if (!first) return std::nullopt;
  const auto second = options_.ask("The same again: ", Echo::kHidden);
  if (second && *second == *first) return first;
  if (second) on_status_("the two are not the same");
  return second && ++wrong_answers_ < kTries ? ask_for_new_password() : std::nullopt;
}

void SignIn::on_session(const Session& session) {
  if (!session) return refused(session.error());
  take(*session);
  finish({session->user, session->name});
}

void SignIn::take(const client::AuthSession& session) {
  session_ = session;
  if (!options_.remembers) return;
  if (const auto error = file_.save({options_.name, session.user, session.refresh_token})) {
    on_status_(error->message);
  }
}

void SignIn::refused(const client::AuthError& error) {
  const bool is_registering = way_ == Way::kRegister;
  if (error.is_temporary()) {
    if (is_registering && error.status == 0) may_be_registered_ = true;
    return retry_later(error);
  }
  // The account may have been made, and only the answer was lost. Then the password opens it.
  if (is_registering && error.status == 409 && std::exchange(may_be_registered_, false)) {
    taken_ = error;
    way_ = Way::kLogIn;
    return run();
  }
  if (const auto taken = std::exchange(taken_, std::nullopt); taken && error.status == 401) {
    way_ = Way::kRegister;  // it is somebody else's
    return refused(*taken);
  }
  if (!may_ask_again(error)) return fail(safe_line(error.message));
  on_status_(safe_line(error.message));
  run();
}

bool SignIn::may_ask_again(const client::AuthError& error) {
  if (!is_password_typed_ || way_ == Way::kGuest) return false;
  options_.password.reset();  // so that it is asked for anew
  const bool is_bad_password = error.status == 400 && error.message.starts_with("password:");
  const bool is_taken = error.status == 409 && !options_.registers;
  if (is_taken) way_ = Way::kLogIn;  // it may be theirs
  return (error.status == 401 || is_bad_password || is_taken) && ++wrong_answers_ < kTries;
}

void SignIn::retry_later(const client::AuthError& error) {
  // The server knows best how long it wants to be left alone, within reason.
  const std::uint64_t delay_ms =
      error.retry_after_s > 0 ? std::uint64_t{1000} * std::min(error.retry_after_s, kRetryAfterMaxS)
                              : std::min(kRetryMaxMs, kRetryMinMs << std::min(failures_, 10U));
  ++failures_;
  if (error.message != outage_) {
    outage_ = error.message;
    on_status_("not connected: " + safe_line(error.message) + "; trying again in " +
               seconds_of(static_cast<std::uint32_t>(delay_ms)));
  }
  retry_.start(delay_ms);
}

// The last line of whoever calls it or fail(): `done` may destroy this.
void SignIn::finish(Identity identity) {
  const OnDone done = std::exchange(done_, nullptr);
  if (done) done(std::move(identity));
}

void SignIn::fail(std::string why) {
  const OnDone done = std::exchange(done_, nullptr);
  if (done) done(Unexpected<std::string>("cannot sign in: " + std::move(why)));
}

void SignIn::apply_to(client::Options& options) const {
  options.url = options_.url;
  if (session_) {
    options.token = session_->token;
    options.has_token_source = true;
  } else {
    options.token = options_.token;
    if (options_.token.empty()) options.name = options_.name;
  }
}

void SignIn::renew(client::Client& client) {
  CHIRM_CHECK(session_.has_value());
  auth_.refresh(session_->refresh_token, [this, &client](const Session& session) {
    if (session) {
      // The refresh token is another one now: the old one works no more.
      take(*session);
      return client.set_token(session->token);
    }
    const client::AuthError& error = session.error();
    client.fail_token(
        {static_cast<std::uint32_t>(error.status), error.message, error.is_temporary()});
  });
}

void SignIn::leave(std::function<void()> done) {
  if (!session_ || options_.remembers) return done();
  auth_.leave(session_->refresh_token, std::move(done));
}

}  // namespace chirm::terminal

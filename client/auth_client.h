// SPDX-License-Identifier: MIT
#pragma once
// Signing in to a chat server: its /auth/* requests (docs/protocol.md, "Signing in"). One call at a
// time: a new one gives up the one before. Lives on the loop.

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "client/http_call.h"
#include "client/url.h"
#include "core/loop/loop.h"
#include "protocol/expected.h"

namespace chirm::client {

// What a server offers. One without accounts has none of it.
struct AuthSettings {
  bool accounts = false;
  bool registration = false;
  bool guests = false;
  bool external = false;  // takes tokens of somebody else
};

struct AuthSession {
  std::string user;
  std::string name;
  std::string role;
  std::string token;  // for connecting
  std::string refresh_token;
};

struct AuthError {
  int status = 0;       // of HTTP, 0 when there was no answer
  std::string code;     // "name_taken", "" when the server named none
  std::string message;  // for people
  std::uint32_t retry_after_s = 0;

  // The same request may succeed later.
  bool is_temporary() const { return status == 0 || status == 429 || status >= 500; }
};

class AuthClient {
 public:
  using OnSettings = std::function<void(Expected<AuthSettings, AuthError>)>;
  using OnSession = std::function<void(Expected<AuthSession, AuthError>)>;

  AuthClient(Loop& loop, Url url) : loop_(loop), url_(std::move(url)) {}

  void settings(OnSettings done);
  // `known`: a refresh token that the server gave out here before, for the same user; "" when there
  // is none. It proves that guesses from elsewhere are not ours.
  void enter(std::string_view name, std::string_view password, std::string_view known,
             OnSession done);
  void create(std::string_view name, std::string_view password, OnSession done);  // and log in
  void enter_as_guest(std::string_view name, OnSession done);
  void refresh(std::string_view refresh_token, OnSession done);
  // `done` is told when it is done, or a second has passed.
  void leave(std::string_view refresh_token, std::function<void()> done);

 private:
  void post(std::string_view target, std::string_view body, std::uint64_t timeout_ms,
            OnSession done);

  Loop& loop_;
  const Url url_;
  std::unique_ptr<HttpCall> call_;
};

}  // namespace chirm::client

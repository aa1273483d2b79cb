// SPDX-License-Identifier: MIT
// How a link introduces itself: the login, its database and name, and what the server must be.
#include <string>
#include <string_view>

#include "core/broker/redis/redis_command.h"
#include "core/broker/redis/redis_link.h"
#include "core/broker/redis/redis_sentinel.h"

namespace chirm {

namespace {

// CLIENT SETNAME takes printable characters without spaces.
std::string client_name(std::string name) {
  for (char& letter : name) {
    if (letter <= ' ' || letter > '~') letter = '-';
  }
  return name;
}

// A server that does not know AUTH repeats what it was given: the password.
std::string login_problem(std::string_view error) {
  for (const char* known :
       {"WRONGPASS", "NOAUTH", "NOPERM", "ERR AUTH <password> called without"}) {
    if (error.starts_with(known)) return std::string(error);
  }
  return "the login was refused: " + std::string(error.substr(0, error.find(' ')));
}

}  // namespace

void RedisLink::greet() {
  state_ = State::kGreeting;
  if (!url_.password.empty()) {
    const RedisCommand login = url_.user.empty() ? RedisCommand{"AUTH", url_.password}
                                                 : RedisCommand{"AUTH", url_.user, url_.password};
    append(login.bytes(), [this](const RedisReply& reply) {
      if (reply.is_error()) drop(login_problem(reply.text()));
    });
  }
  if (url_.database != 0) {
    append(RedisCommand{"SELECT", std::to_string(url_.database)}.bytes(),
           [this](const RedisReply& reply) { on_greeted(reply, true); });
  }
  append(RedisCommand{"CLIENT", "SETNAME", client_name(name_)}.bytes(),
         [this](const RedisReply& reply) { on_greeted(reply, false); });
  append(RedisCommand{"ROLE"}.bytes(), [this](const RedisReply& reply) { on_role(reply); });
  write(context_);
}

void RedisLink::on_greeted(const RedisReply& reply, bool is_required) {
  if (!reply.is_error()) return;
  const std::string_view text = reply.text();
  // An operator may have forbidden CLIENT; the name is only for people.
  const bool is_forbidden = text.starts_with("NOPERM") || text.starts_with("ERR unknown");
  if (is_required || !is_forbidden) drop(std::string(text));
}

// A replica takes subscriptions and answers reads, from data that may be old.
void RedisLink::on_role(const RedisReply& reply) {
  if (reply.is_error()) return drop(std::string(reply.text()));
  const std::string_view wanted = role_ == Role::kMaster ? "master" : "sentinel";
  const std::string_view role = reply[0].text();
  if (role != wanted) {
    drop("it is a " + std::string(role) + ", not a " + std::string(wanted));
    if (sentinel_) sentinel_->doubt();
    return;
  }
  become_up();
}

void RedisLink::become_up() {
  timer_.stop();
  state_ = State::kUp;
  owner_thinks_up_ = true;
  owner_.on_link_up();
}

}  // namespace chirm

// SPDX-License-Identifier: MIT
#include "core/broker/redis/link/redis_greeting.h"

#include <string_view>

#include "core/broker/redis/link/redis_command.h"

namespace chirm {

namespace {

// CLIENT SETNAME takes printable characters without spaces.
std::string client_name(std::string name) {
  for (char& letter : name) {
    if (letter <= ' ' || letter > '~') letter = '-';
  }
  return name;
}

// A server that does not know AUTH repeats what it was given, the password: only what is known to
// be free of it may reach the log.
std::string login_problem(const RedisReply& reply) {
  if (!reply.is_error()) return {};
  const std::string_view error = reply.text();
  for (const char* known :
       {"WRONGPASS", "NOAUTH", "NOPERM", "ERR AUTH <password> called without"}) {
    if (error.starts_with(known)) return std::string(error);
  }
  return "the login was refused: " + std::string(error.substr(0, error.find(' ')));
}

// Never "" for an error, for that would say that all is well.
std::string any_problem(const RedisReply& reply) {
  if (!reply.is_error()) return {};
  return reply.text().empty() ? "an error without a text" : std::string(reply.text());
}

// An operator may have forbidden CLIENT; the name is only for people.
std::string name_problem(const RedisReply& reply) {
  const std::string problem = any_problem(reply);
  const bool is_forbidden = problem.starts_with("NOPERM") || problem.starts_with("ERR unknown");
  return is_forbidden ? std::string() : problem;
}

// A replica takes subscriptions and answers reads, from data that may be old.
std::string role_problem(const RedisReply& reply, RedisRole wanted) {
  if (reply.is_error()) return any_problem(reply);
  const std::string_view expected = wanted == RedisRole::kMaster ? "master" : "sentinel";
  const std::string_view role = reply[0].text();
  if (role == expected) return {};
  return "it is a " + std::string(role) + ", not a " + std::string(expected);
}

}  // namespace

std::vector<RedisGreetingStep> redis_greeting(const RedisUrl& url, const std::string& name,
                                              RedisRole role) {
  std::vector<RedisGreetingStep> steps;
  const auto add = [&steps](const RedisCommand& command, auto problem) {
    steps.push_back({std::string(command.bytes()), std::move(problem)});
  };
  // The login comes first, for without it Redis refuses all the rest.
  if (!url.password.empty()) {
    add(url.user.empty() ? RedisCommand{"AUTH", url.password}
                         : RedisCommand{"AUTH", url.user, url.password},
        login_problem);
  }
  if (url.database != 0) add({"SELECT", std::to_string(url.database)}, any_problem);
  add({"CLIENT", "SETNAME", client_name(name)}, name_problem);
  add({"ROLE"}, [role](const RedisReply& reply) { return role_problem(reply, role); });
  return steps;
}

}  // namespace chirm

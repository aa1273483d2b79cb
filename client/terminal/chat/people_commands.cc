// SPDX-License-Identifier: MIT
#include "client/terminal/chat/people_commands.h"

#include <charconv>

#include "client/terminal/chat/command_arguments.h"
#include "client/terminal/model/chat_answers.h"
#include "client/terminal/text/safe_text.h"
#include "client/terminal/view/chat_pages.h"

namespace chirm::terminal {

void PeopleCommands::show_who(std::string_view argument) {
  const std::string user = take_user(argument);
  if (!user.empty()) {
    return chat_.call(
        "chat.user", object_of("user", user), "say who " + safe_line(user) + " is",
        [this](std::string_view json) { chat_.note(describe_user(read_user(json))); });
  }
  // The list beside the messages, for screens too narrow for it. The server is asked, as that list
  // may be a moment old.
  presence_.read_now([this](const Conversation& asked) {
    chat_.events.show_page(people_page(asked.label(), asked.people, asked.people_count));
  });
}

CommandUse PeopleCommands::set_blocked(bool is_blocked, std::string_view argument) {
  const std::string user = take_user(argument);
  if (user.empty()) return CommandUse::kWrong;
  chat_.call(
      is_blocked ? "chat.block" : "chat.unblock", object_of("user", user),
      (is_blocked ? "block " : "unblock ") + safe_line(user),
      [this, user, is_blocked](std::string_view) {
        chat_.note(safe_line(user) + (is_blocked ? " is blocked" : " is not blocked any more"));
      });
  return CommandUse::kRight;
}

CommandUse PeopleCommands::sessions(std::string_view argument) {
  if (argument.empty()) {
    chat_.call("account.sessions", "{}", "list your sessions", [this](std::string_view json) {
      const std::vector<OwnSession> sign_ins = read_own_sessions(json);
      session_ids_.clear();
      for (const OwnSession& one : sign_ins) session_ids_.push_back(one.id);
      chat_.events.show_page(sessions_page(sign_ins));
    });
    return CommandUse::kRight;
  }
  constexpr std::string_view kEnd = "end ";
  if (!argument.starts_with(kEnd)) return CommandUse::kWrong;
  argument.remove_prefix(kEnd.size());
  std::size_t number = 0;
  const auto [stop, error] = std::from_chars(argument.begin(), argument.end(), number);
  if (error != std::errc() || stop != argument.end()) return CommandUse::kWrong;
  if (number == 0 || number > session_ids_.size()) {
    chat_.note("there is no session of that number: /sessions lists them", true);
    return CommandUse::kRight;
  }
  chat_.call("account.end_session", object_of("session", session_ids_[number - 1]),
             "end that session", [this](std::string_view) { chat_.note("that session is ended"); });
  return CommandUse::kRight;
}

void PeopleCommands::set_away(bool is_away) {
  chat_.call("chat.status", object_of("status", is_away ? "away" : "online"),
             is_away ? "be away" : "be back", [this, is_away](std::string_view) {
               is_away_ = is_away;
               presence_.read_now();  // nobody is told of it, and one sees oneself there
             });
}

}  // namespace chirm::terminal

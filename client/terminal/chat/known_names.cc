// SPDX-License-Identifier: MIT
#include "client/terminal/chat/known_names.h"

#include "client/terminal/text/safe_text.h"

namespace chirm::terminal {

CompletionSources KnownNames::sources(const ChatModel& model, const std::string& me) const {
  std::set<std::string> users;
  std::set<std::string> rooms = rooms_;
  for (const auto& one : model.conversations()) {
    if (one->info.is_dm) users.insert(one->info.user);
    if (!one->info.is_dm) rooms.insert(one->info.room);
  }
  rooms.insert(invitations_.begin(), invitations_.end());
  // Of people only those who are here: elsewhere the same letters would offer strangers.
  if (const Conversation* current = model.current()) {
    for (const Person& person : current->people) users.insert(person.user);
    for (const Message* message : current->log.messages()) {
      if (message->kind == Message::Kind::kSaid) users.insert(message->user);
    }
  }
  users.erase(me);
  users.erase("");  // the server's own messages
  CompletionSources sources;
  for (const std::string& user : users) sources.users.push_back(safe_line(user));
  for (const std::string& room : rooms) sources.rooms.push_back(safe_line(room));
  return sources;
}

}  // namespace chirm::terminal

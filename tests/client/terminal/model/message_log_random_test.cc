// SPDX-License-Identifier: MIT
// A message log beside the simplest thing that behaves like one: all publications that it has
// taken, folded anew each time. They come in any order, some twice.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "client/terminal/model/message_log.h"
#include "core/base/random.h"

namespace chirm::terminal {
namespace {

constexpr std::uint64_t kEvents = 60;
const std::string kMe = "ada";

std::string line_of(const Message& message) {
  std::string line = std::to_string(message.key.offset) + " " + message.user + ": " + message.text;
  if (message.is_edited) line += " (edited)";
  if (message.is_deleted) line += "(deleted by " + message.deleted_by + ")";
  for (const auto& [key, users] : message.reactions) {
    line += " " + key + "=";
    for (const std::string& user : users) line += user + ",";
  }
  return line;
}

// A log of publications of all kinds; what they are about may be later than they are, or nothing.
std::vector<ChatEvent> make_events(Random& random) {
  using enum ChatEvent::Type;
  const std::string users[] = {kMe, "bob", "cid"};
  std::vector<ChatEvent> events;
  for (std::uint64_t offset = 1; offset <= kEvents; ++offset) {
    ChatEvent event;
    constexpr ChatEvent::Type kTypes[] = {kMessage, kMessage, kEdit, kDelete, kReaction, kEvent};
    event.type = kTypes[random.between(0, 5)];
    event.offset = offset;
    event.user = users[random.between(0, 2)];
    event.text = "text " + std::to_string(offset);
    event.target = random.between(0, kEvents / 3);
    event.key = random.between(0, 1) == 0 ? "+1" : "-1";
    event.is_on = random.between(0, 2) > 0;
    event.event = "join";
    event.subject = event.user;
    events.push_back(event);
  }
  return events;
}

class LogModel {
 public:
  explicit LogModel(bool is_checked) : is_checked_(is_checked) {}

  // True when it is a message that was not there.
  bool add(const ChatEvent& event) {
    return taken_.emplace(event.offset, event).second &&
           (event.type == ChatEvent::Type::kMessage || event.type == ChatEvent::Type::kEvent);
  }
  void trim(std::size_t count) {
    if (taken_.size() > 2 * count) {
      taken_.erase(taken_.begin(), std::prev(taken_.end(), static_cast<std::ptrdiff_t>(count)));
    }
  }
  std::vector<std::string> lines() const {
    std::vector<std::string> lines;
    for (const auto& [offset, event] : taken_) {
      if (event.type == ChatEvent::Type::kMessage) lines.push_back(line_of(fold(event)));
      if (event.type == ChatEvent::Type::kEvent) {
        lines.push_back(std::to_string(offset) + " " + event.user + ": " + describe_event(event));
      }
    }
    return lines;
  }

  std::map<std::uint64_t, ChatEvent> taken_;

 private:
  Message fold(const ChatEvent& event) const {
    Message message;
    message.key = {event.offset, 0};
    message.user = event.user;
    message.text = event.text;
    for (const auto& [offset, change] : taken_) {
      if (change.target != event.offset || message.is_deleted) continue;
      const bool is_author = change.user == event.user;
      if (change.type == ChatEvent::Type::kEdit && is_author) {
        message.text = change.text;
        message.is_edited = true;
      }
      if (change.type == ChatEvent::Type::kDelete && (is_author || is_checked_)) {
        message.is_deleted = true;
        message.deleted_by = change.user;
        message.text.clear();
        message.reactions.clear();
      }
      if (change.type != ChatEvent::Type::kReaction) continue;
      if (change.is_on) message.reactions[change.key].insert(change.user);
      if (!change.is_on) message.reactions[change.key].erase(change.user);
      if (message.reactions[change.key].empty()) message.reactions.erase(change.key);
    }
    return message;
  }

  bool is_checked_;
};

void run_with_seed(std::uint64_t seed) {
  Random random(seed);
  const bool is_checked = random.between(0, 1) == 1;
  const std::vector<ChatEvent> events = make_events(random);
  MessageLog log(kMe, is_checked);
  LogModel model(is_checked);
  for (int i = 0; i < 150 && !::testing::Test::HasFailure(); ++i) {
    const std::uint64_t what = random.between(0, 99);
    if (what == 0) {
      log.reset();
      model.taken_.clear();
    } else if (what < 4) {
      log.trim(10);
      model.trim(10);
    } else {
      const ChatEvent& event = events[random.between(0, events.size() - 1)];
      EXPECT_EQ(log.add(event, 1), model.add(event)) << event.offset;
    }
    log.check();
    std::vector<std::string> lines;
    for (const Message* message : log.messages()) lines.push_back(line_of(*message));
    EXPECT_EQ(lines, model.lines());
    EXPECT_EQ(log.first_offset(), model.taken_.empty() ? 0 : model.taken_.begin()->first);
    EXPECT_EQ(log.last_offset(), model.taken_.empty() ? 0 : model.taken_.rbegin()->first);
  }
}

TEST(MessageLogWithRandomCalls, ShowsWhatTheModelShows) {
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    run_with_seed(seed);
  }
}

}  // namespace
}  // namespace chirm::terminal

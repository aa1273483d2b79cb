// SPDX-License-Identifier: MIT
#include "client/terminal/chat/presence_reader.h"

#include <algorithm>
#include <set>
#include <utility>

#include "client/terminal/text/safe_text.h"

namespace chirm::terminal {

namespace {

constexpr std::uint64_t kPresenceDelayMs = 300;  // so that a crowd is asked for once
// Joins and leaves are told, but not who is away from the keyboard.
constexpr std::uint64_t kPresenceAgainMs = 30'000;

}  // namespace

PresenceReader::PresenceReader(ChatContext& chat)
    : chat_(chat), timer_(chat.context.loop, [this] { read(); }) {}

void PresenceReader::read_now() { timer_.start(0); }
void PresenceReader::read_soon() { timer_.start(kPresenceDelayMs); }

// Only of the conversation that is looked at: of the others nobody sees who is there.
void PresenceReader::read() {
  const Conversation* current = chat_.model.current();
  if (current == nullptr || !chat_.client.is_connected() || !chat_.has_synced) return;
  timer_.start(kPresenceAgainMs);
  ask(current->info.channel, {});
}

void PresenceReader::read_now(OnRead done) {
  const Conversation* current = chat_.model.current();
  if (current == nullptr) return chat_.note("you are in no room", true);
  ask(current->info.channel, std::move(done));
}

void PresenceReader::ask(const std::string& channel, OnRead done) {
  if (chat_.is_checked) {
    chat_.client.rpc("chat.presence", object_of("channel", channel),
                     [this, channel, done = std::move(done)](const auto& answer) {
                       if (!answer) return refused(answer.error(), done);
                       take(channel, read_presence(*answer), done);
                     });
    return;
  }
  // The protocol's own command knows clients, of which one person may have several.
  chat_.client.presence(channel, [this, channel, done = std::move(done)](const auto& present) {
    if (!present) return refused(present.error(), done);
    std::set<std::string> users;
    for (const client::Present& one : *present) users.insert(one.user);
    PresenceAnswer answer;
    for (const std::string& user : users) answer.people.push_back({user, user, "online"});
    take(channel, std::move(answer), done);
  });
}

// Only when somebody has asked for it: else it is read again soon, and was seen by nobody.
void PresenceReader::refused(const client::CommandError& error, const OnRead& done) {
  if (chat_.has_ended || !done) return;
  chat_.note("cannot see who is here: " + safe_line(error.message), true);
}

void PresenceReader::take(const std::string& channel, PresenceAnswer answer, const OnRead& done) {
  Conversation* asked = chat_.model.find(channel);
  if (chat_.has_ended || asked == nullptr) return;
  asked->people = std::move(answer.people);
  asked->people_count = std::max<std::uint64_t>(answer.count, asked->people.size());
  if (done) done(*asked);
  chat_.events.on_changed();
}

}  // namespace chirm::terminal

// SPDX-License-Identifier: MIT
#include "client/terminal/chat/presence_reader.h"

#include <algorithm>
#include <set>
#include <utility>

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
  const std::string channel = current->info.channel;
  if (chat_.is_checked) {
    chat_.client.rpc("chat.presence", object_of("channel", channel),
                     [this, channel](const auto& answer) {
                       if (answer) take(channel, read_presence(*answer));
                     });
    return;
  }
  // The protocol's own command knows clients, of which one person may have several.
  chat_.client.presence(channel, [this, channel](const auto& present) {
    if (!present) return;
    std::set<std::string> users;
    for (const client::Present& one : *present) users.insert(one.user);
    PresenceAnswer answer;
    for (const std::string& user : users) answer.people.push_back({user, user, "online"});
    take(channel, std::move(answer));
  });
}

void PresenceReader::take(const std::string& channel, PresenceAnswer answer) {
  Conversation* asked = chat_.model.find(channel);
  if (chat_.has_ended || asked == nullptr) return;
  asked->people = std::move(answer.people);
  asked->people_count = std::max<std::uint64_t>(answer.count, asked->people.size());
  chat_.events.on_changed();
}

}  // namespace chirm::terminal

// SPDX-License-Identifier: MIT
#include "client/terminal/chat/read_marks.h"

#include <utility>

#include "core/base/check.h"

namespace chirm::terminal {

namespace {

constexpr std::uint64_t kMarkDelayMs = 500;   // between marks
constexpr std::uint64_t kMarkAgainMs = 2000;  // after one was lost

}  // namespace

ReadMarks::ReadMarks(ChatContext& chat)
    : chat_(chat), timer_(chat.context.loop, [this] { send(); }) {}

void ReadMarks::mark(Conversation& conversation) {
  const bool is_news = conversation.top > conversation.read || conversation.unread > 0;
  // Before the newest page is here, nobody has seen what is marked.
  if (!conversation.is_loaded || !is_news) return;
  chat_.model.set_read(conversation, conversation.top);
  if (!chat_.is_checked || !conversation.info.is_listed) return;
  unsent_.insert(conversation.info.channel);
  send_later(kMarkDelayMs);
}

void ReadMarks::send_later(std::uint64_t delay_ms) {
  if (!timer_.is_running()) timer_.start(delay_ms);
}

void ReadMarks::send() {
  if (!chat_.client.is_connected() && !unsent_.empty()) return timer_.start(kMarkAgainMs);
  for (const std::string& channel : std::exchange(unsent_, {})) {
    const Conversation* conversation = chat_.model.find(channel);
    if (conversation == nullptr || conversation->read == 0) continue;
    const std::string body = object_of("channel", channel, "offset", conversation->read);
    chat_.client.rpc("chat.read", body, [this, channel](const auto& answer) {
      // A mark that is refused for good would be refused again.
      const bool is_lost = !answer && (answer.error().code == 0 || answer.error().temporary);
      if (!is_lost || chat_.has_ended) return;
      unsent_.insert(channel);
      send_later(kMarkAgainMs);
    });
  }
}

void ReadMarks::check() const { CHIRM_CHECK(unsent_.empty() || timer_.is_running()); }

}  // namespace chirm::terminal

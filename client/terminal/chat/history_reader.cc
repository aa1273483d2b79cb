// SPDX-License-Identifier: MIT
#include "client/terminal/chat/history_reader.h"

#include <algorithm>

#include "client/terminal/model/chat_event.h"
#include "client/terminal/text/safe_text.h"

namespace chirm::terminal {

namespace {

constexpr std::uint32_t kOlderMin = 50;  // messages: a page that is worth scrolling for

}  // namespace

bool HistoryReader::read_newest(Conversation& conversation) {
  const bool is_due = !conversation.is_loaded && !conversation.is_loading;
  if (!is_due || !chat_.client.is_connected()) return false;
  if (chat_.options.history == 0) {
    conversation.is_loaded = true;
    return false;
  }
  // The answer names no channel, and the conversation may be gone by then: it is found again by it.
  conversation.is_loading = true;
  chat_.client.history(
      conversation.info.channel, chat_.options.history,
      [this, channel = conversation.info.channel](const auto& page) { take(channel, true, page); });
  return true;
}

void HistoryReader::read_older() {
  Conversation* current = chat_.model.current();
  if (current == nullptr || !current->is_loaded || current->is_loading || !current->has_older) {
    return;
  }
  const std::uint64_t first = current->log.first_offset();
  if (first <= 1) {  // offsets begin with 1
    current->has_older = false;
    return;
  }
  current->is_loading = true;
  const std::uint32_t count = std::max(chat_.options.history, kOlderMin);
  chat_.client.history_before(
      current->info.channel, first, current->epoch, count,
      [this, channel = current->info.channel](const auto& page) { take(channel, false, page); });
}

void HistoryReader::on_disconnected() {
  for (const auto& one : chat_.model.conversations()) one->is_loading = false;
}

void HistoryReader::take(const std::string& channel, bool is_newest, const Page& page) {
  Conversation* conversation = chat_.model.find(channel);
  // What was unfollowed meanwhile has forgotten its messages, and would get a page with a hole
  // behind it.
  const bool is_wanted = conversation != nullptr && following_.is_followed(*conversation);
  if (chat_.has_ended || !is_wanted) return;
  conversation->is_loading = false;
  if (!page) {
    if (!chat_.client.is_connected()) return;  // is read again with the next connection
    // Asked again, the server would say the same.
    conversation->is_loaded = true;
    conversation->has_older = false;
    chat_.note("cannot read the past of " + safe_line(conversation->label()) + ": " +
                   safe_line(page.error().message),
               true);
    return;
  }
  const std::int64_t unix_ms = chat_.unix_ms();
  for (const PublicationView& publication : *page) {
    conversation->log.add(read_chat_event(publication), unix_ms);
    conversation->top = std::max(conversation->top, publication.offset);
  }
  conversation->has_older = !page->empty() && page->front().offset > 1;
  if (is_newest) {
    conversation->is_loaded = true;
    chat_.model.count_unread(*conversation);
    if (conversation == chat_.model.current() && conversation->unread > 0) {
      conversation->new_behind = conversation->read;
    }
  }
  chat_.events.on_changed();
}

}  // namespace chirm::terminal

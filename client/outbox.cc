// SPDX-License-Identifier: MIT
#include "client/outbox.h"

#include <algorithm>
#include <utility>

#include "core/base/check.h"
#include "protocol/command.h"
#include "protocol/limits.h"

namespace chirm::client {

namespace {

constexpr std::size_t kCheckedMax = 64;  // entries: a full outbox would be looked at each turn

}  // namespace

void Outbox::push(std::string_view channel, std::string_view data, OnPublished done) {
  Entry& entry = entries_.emplace_back();
  entry.channel = channel;
  entry.data = data;
  entry.done = std::move(done);
  if (unsent_ == entries_.end()) unsent_ = std::prev(entries_.end());
}

Outbox::Entry* Outbox::next_unsent() {
  while (unsent_ != entries_.end() && unsent_->command_id != 0) ++unsent_;
  return unsent_ == entries_.end() ? nullptr : &*unsent_;
}

void Outbox::mark_sent(Entry& entry, std::uint32_t command_id, std::uint64_t now_ms) {
  CHIRM_CHECK(entry.command_id == 0 && command_id != 0, entry.command_id, command_id);
  CHIRM_CHECK(on_wire_.empty() || on_wire_.back()->sent_ms <= now_ms, now_ms);
  entry.command_id = command_id;
  entry.sent_ms = now_ms;
  entry.on_wire = on_wire_.insert(on_wire_.end(), &entry);
  if (entry.first_sent_ms) {
    ++resent_;
  } else {
    entry.first_sent_ms = now_ms;
  }
}

void Outbox::take_off_wire(Entry& entry) {
  CHIRM_CHECK(entry.command_id != 0);
  entry.command_id = 0;
  on_wire_.erase(entry.on_wire);
}

Outbox::Entry* Outbox::find(std::uint32_t command_id) {
  // Servers answer in order, so it is nearly always the first.
  const auto found = std::find_if(on_wire_.begin(), on_wire_.end(), [&](const Entry* entry) {
    return entry->command_id == command_id;
  });
  return found == on_wire_.end() ? nullptr : *found;
}

Outbox::Entry Outbox::take(Entry& entry) {
  const auto place = std::find_if(entries_.begin(), entries_.end(),
                                  [&](const Entry& other) { return &other == &entry; });
  CHIRM_CHECK(place != entries_.end());
  if (place == unsent_) ++unsent_;
  take_off_wire(entry);
  Entry taken = std::move(entry);
  entries_.erase(place);
  return taken;
}

void Outbox::put_back(Entry& entry, CommandError error) {
  take_off_wire(entry);
  entry.error = std::move(error);
  // From the start, for where the entry stands among the others a pointer does not tell. Refusals
  // are rare, and next_unsent() passes over what is on the wire only once.
  unsent_ = entries_.begin();
}

// Whether the server has what was on the wire, nobody knows. What has an id it stores once, however
// often it comes; what has none is better reported as lost than said twice.
std::vector<Outbox::Entry> Outbox::connection_lost() {
  std::vector<Entry> lost;
  on_wire_.clear();
  for (auto entry = entries_.begin(); entry != entries_.end();) {
    if (entry->command_id != 0 && !has_message_id(entry->data)) {
      lost.push_back(std::move(*entry));
      entry = entries_.erase(entry);
    } else {
      entry->command_id = 0;
      ++entry;
    }
  }
  unsent_ = entries_.begin();
  return lost;
}

// What was never sent stands behind all that was.
std::vector<Outbox::Entry> Outbox::take_sent_before(std::uint64_t before_ms) {
  std::vector<Entry> taken;
  for (auto entry = entries_.begin(); entry != entries_.end() && entry->first_sent_ms;) {
    if (entry->command_id != 0 || *entry->first_sent_ms >= before_ms) {
      ++entry;
      continue;
    }
    if (entry == unsent_) ++unsent_;
    taken.push_back(std::move(*entry));
    entry = entries_.erase(entry);
  }
  return taken;
}

std::optional<std::uint64_t> Outbox::oldest_resend_ms() const {
  for (const Entry& entry : entries_) {
    if (!entry.first_sent_ms) break;
    if (entry.command_id == 0) return entry.first_sent_ms;
  }
  return std::nullopt;
}

std::optional<std::uint64_t> Outbox::oldest_sent_ms() const {
  if (on_wire_.empty()) return std::nullopt;
  return on_wire_.front()->sent_ms;
}

void Outbox::check() const {
  std::size_t seen = 0;
  std::size_t on_wire = 0;
  bool is_before_unsent = true;
  bool was_sent = true;
  for (auto entry = entries_.begin(); entry != entries_.end() && seen < kCheckedMax; ++entry) {
    ++seen;
    is_before_unsent = is_before_unsent && entry != unsent_;
    CHIRM_CHECK(!is_before_unsent || entry->command_id != 0, seen);
    CHIRM_CHECK(was_sent || !entry->first_sent_ms, seen);
    was_sent = entry->first_sent_ms.has_value();
    if (entry->command_id == 0) continue;
    ++on_wire;
    CHIRM_CHECK(*entry->on_wire == &*entry, entry->command_id);
    CHIRM_CHECK(entry->first_sent_ms && *entry->first_sent_ms <= entry->sent_ms, entry->sent_ms);
  }
  if (seen == entries_.size()) CHIRM_CHECK(on_wire == on_wire_.size(), on_wire, on_wire_.size());
  std::uint64_t before_ms = 0;
  seen = 0;
  for (auto entry = on_wire_.begin(); entry != on_wire_.end() && seen < kCheckedMax; ++entry) {
    ++seen;
    CHIRM_CHECK(before_ms <= (*entry)->sent_ms, before_ms, (*entry)->sent_ms);
    before_ms = (*entry)->sent_ms;
  }
}

bool has_message_id(std::string_view data) {
  // Asks the decoder that the server uses, so that both ends mean the same.
  std::string line;
  append_publish(line, 1, {.channel = "c", .data = data, .message_id = {}});
  const std::size_t length = line.size();
  line.append(limits::kJsonPadding, ' ');
  CommandDecoder decoder;
  const auto command = decoder.decode(std::string_view(line).substr(0, length));
  if (!command) return false;
  const auto* publish = std::get_if<PublishCommand>(&command->method);
  return publish != nullptr && !publish->message_id.empty() &&
         publish->message_id.size() <= limits::kMessageIdBytes;
}

}  // namespace chirm::client

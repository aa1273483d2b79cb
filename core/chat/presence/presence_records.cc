// SPDX-License-Identifier: MIT
#include "core/chat/presence/presence_records.h"

#include "core/base/check.h"
#include "core/base/pack.h"

namespace chirm {

using pack::put_number;
using pack::put_text;
using pack::take_number;
using pack::take_text;

void read_presence_items(std::string_view items, const PresenceItem& item) {
  while (!items.empty()) {
    const auto key = take_text(items);
    const auto value = key ? take_text(items) : std::nullopt;
    if (!value) return;
    item(*key, *value);
  }
}

// Nodes of two versions may talk to each other while they are replaced one after the other. Only
// its letter tells how long a record is, so behind one that is not known nothing can be read.
void PresenceRecordReader::read(std::string_view message) {
  while (!message.empty()) {
    const char letter = message.front();
    message.remove_prefix(1);
    if (letter == 'h') {
      const auto wants_answer = take_number<std::uint8_t>(message);
      if (!wants_answer) return;
      on_hello(*wants_answer != 0);
      continue;
    }
    const auto set = take_text(message);
    if (!set || !read_record(letter, *set, message)) return;
  }
}

bool PresenceRecordReader::read_record(char letter, std::string_view set, std::string_view& rest) {
  if (letter == 'w') {
    on_watch(set);
  } else if (letter == 'u') {
    on_unwatch(set);
  } else if (letter == '+') {
    const auto key = take_text(rest);
    const auto value = key ? take_text(rest) : std::nullopt;
    if (!value) return false;
    on_change(set, *key, &*value);
  } else if (letter == '-') {
    const auto key = take_text(rest);
    if (!key) return false;
    on_change(set, *key, nullptr);
  } else if (letter == 'n') {
    const auto clients = take_number<std::uint64_t>(rest);
    const auto users = clients ? take_number<std::uint64_t>(rest) : std::nullopt;
    if (!users) return false;
    on_counts(set, {*clients, *users});
  } else if (letter == 'l') {
    const auto piece = take_number<std::uint32_t>(rest);
    const auto is_last = piece ? take_number<std::uint8_t>(rest) : std::nullopt;
    const auto items = is_last ? take_text(rest) : std::nullopt;
    if (!items) return false;
    on_list({set, *piece, *is_last != 0, *items});
  } else {
    return false;
  }
  return true;
}

void PresenceWriter::put(char letter, std::string_view set) {
  CHIRM_CHECK(!is_listing_ || letter == 'l', letter, set);
  out_ += letter;
  put_text(out_, set);
}

void PresenceWriter::hello(bool wants_answer) {
  CHIRM_CHECK(!is_listing_);
  out_ += 'h';
  out_ += wants_answer ? '\1' : '\0';
}

// Each record goes into the message that is being filled, so a turn's records keep their order: a
// list is never overtaken by a change that came after it.
void PresenceWriter::watch(std::string_view set) {
  put('w', set);
  send_if_large();
}

void PresenceWriter::unwatch(std::string_view set) {
  put('u', set);
  send_if_large();
}

void PresenceWriter::came(std::string_view set, std::string_view key, std::string_view value) {
  put('+', set);
  put_text(out_, key);
  put_text(out_, value);
  send_if_large();
}

void PresenceWriter::went(std::string_view set, std::string_view key) {
  put('-', set);
  put_text(out_, key);
  send_if_large();
}

void PresenceWriter::counts(std::string_view set, const PresenceCounts& counts) {
  put('n', set);
  put_number(out_, counts.clients);
  put_number(out_, counts.users);
  send_if_large();
}

void PresenceWriter::begin_list(std::string_view set) {
  CHIRM_CHECK(!is_listing_, set, list_);
  is_listing_ = true;
  list_ = set;
  piece_ = 0;
}

void PresenceWriter::item(std::string_view key, std::string_view value) {
  CHIRM_CHECK(is_listing_, key);
  put_text(items_, key);
  put_text(items_, value);
  if (items_.size() >= kMessageBytes) put_piece(false);
}

// Also of an empty list: that a node has nobody is an answer.
void PresenceWriter::end_list() {
  CHIRM_CHECK(is_listing_);
  put_piece(true);
  is_listing_ = false;
}

void PresenceWriter::put_piece(bool is_last) {
  put('l', list_);
  put_number(out_, piece_++);
  out_ += is_last ? '\1' : '\0';
  put_text(out_, items_);
  items_.clear();
  send_if_large();
}

// Records are never cut, so a message is larger than that by one record at most.
void PresenceWriter::send_if_large() {
  if (out_.size() >= kMessageBytes) send();
}

void PresenceWriter::finish() {
  CHIRM_CHECK(!is_listing_, list_);
  send();
}

void PresenceWriter::send() {
  if (!out_.empty()) send_(out_);
  out_.clear();
}

}  // namespace chirm

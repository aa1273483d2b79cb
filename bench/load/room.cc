// SPDX-License-Identifier: MIT
#include "bench/load/room.h"

#include <functional>
#include <utility>

#include "protocol/limits.h"

namespace chirm::load {

Room::Room(Name name, MessageDecoder& decoder, Tally& tally, Events& events)
    : name_(std::move(name)),
      line_prefix_(R"({"push":{"channel":")" + name_.channel + R"(","pub":)"),
      decoder_(decoder),
      tally_(tally),
      events_(events) {}

Epoch& Room::epoch(std::string_view name, std::uint64_t offset) {
  for (const auto& epoch : epochs_) {
    if (epoch->name == name) return *epoch;
  }
  return *epochs_.emplace_back(new Epoch{std::string(name), RoomLog(offset)});
}

std::uint64_t Room::log(Epoch& epoch, Publication publication) {
  if (publication.offset == 0) publication.offset = epoch.log.place_of(publication.key);
  switch (epoch.log.put(publication)) {
    case RoomLog::Put::kNew:
      if (publication.scheduled_us == 0) {
        ++tally_.counts.foreign;
      } else {
        note_appearance(publication, publication.offset);
      }
      break;
    case RoomLog::Put::kDifferent:
    case RoomLog::Put::kAbsurd:
      ++tally_.violations.altered;
      break;
    case RoomLog::Put::kSame:
    case RoomLog::Put::kForgotten:
      break;
  }
  return publication.offset;
}

void Room::note_appearance(const Publication& publication, std::uint64_t offset) {
  const auto [publisher, sequence] = MessageId::of_key(publication.key);
  Appeared& appeared = appeared_[publisher];
  if (sequence >= appeared.next) {
    while (appeared.next < sequence) appeared.missing.insert(appeared.next++);
    ++appeared.next;
  } else if (appeared.missing.erase(sequence) == 0) {
    ++tally_.violations.stored_twice;
    return;
  }
  events_.on_logged(publisher, sequence, offset);
}

std::optional<Publication> Room::decode(std::string_view line) {
  padded_.reserve(line.size() + limits::kJsonPadding);
  padded_.assign(line);
  const auto message = decoder_.decode(padded_);
  if (!message || message->kind != ServerMessage::Kind::kPublication ||
      message->channel != name_.channel || message->publications.empty()) {
    return std::nullopt;
  }
  const PublicationView& view = message->publications.front();
  Publication publication = identify(view.data, view.offset);
  publication.line = line;
  return publication;
}

Publication Room::identify(std::string_view data, std::uint64_t offset) {
  Publication publication{.offset = offset, .key = 0, .scheduled_us = 0, .line = {}};
  const auto id = payload_id(data);
  if (id && id->run == name_.run) {
    if (id->room != name_.number) ++tally_.violations.misrouted;
    publication.key = id->key();
    publication.scheduled_us = id->scheduled_us;
  } else {
    constexpr std::uint64_t kForeign = std::uint64_t{1} << 63;  // no key() is that large
    publication.key = std::hash<std::string_view>{}(data) | kForeign;
  }
  return publication;
}

}  // namespace chirm::load

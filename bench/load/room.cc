// SPDX-License-Identifier: MIT
#include "bench/load/room.h"

#include <functional>
#include <utility>

#include "bench/load/journal.h"
#include "protocol/limits.h"

namespace chirm::load {

Room::Room(Name name, MessageDecoder& decoder, Tally& tally, Events& events)
    : name_(std::move(name)),
      line_prefix_(R"({"push":{"channel":")" + name_.channel + R"(","pub":)"),
      decoder_(decoder),
      tally_(tally),
      events_(events) {}

std::uint64_t Room::log(Epoch& epoch, Publication publication) {
  // A server without history numbers nothing: then the order in which they come is the number.
  if (publication.offset == 0) publication.offset = epoch.log.place_of(publication.key);
  switch (epoch.log.put(publication)) {
    case RoomLog::Put::kNew:
      note_new(epoch, publication);
      break;
    // One of the two subscribers got something wrong; which of them cannot be told, so it is
    // counted here.
    case RoomLog::Put::kDifferent:
      violate(&Violations::forked, &epoch, publication.offset, publication.scheduled_us);
      break;
    case RoomLog::Put::kAbsurd:
      violate(&Violations::altered, &epoch, publication.offset, publication.scheduled_us);
      break;
    case RoomLog::Put::kSame:
    case RoomLog::Put::kForgotten:
      break;
  }
  return publication.offset;
}

// The first one to receive it in this epoch.
void Room::note_new(Epoch& epoch, const Publication& publication) {
  const auto fork = [&] {
    violate(&Violations::forked, &epoch, publication.offset, publication.scheduled_us);
  };
  // Its publisher was told so: then it is that, and nothing else.
  if (const auto acked = epoch.acked.find(publication.offset); acked != epoch.acked.end()) {
    if (acked->second != publication.key) fork();
    epoch.acked.erase(acked);
  }
  // What an epoch has from the one that it goes on from has appeared there.
  if (epochs_.all().size() > 1) {
    const std::uint64_t key = epochs_.linked_key(epoch, publication.offset);
    if (key != 0 && key != publication.key) fork();
    if (key == publication.key || epochs_.has_linked(epoch, publication.offset, publication.key)) {
      return;
    }
  }
  // Somebody else publishes in the room, too: it is owed to all like any other, but no publisher
  // here waits for it.
  if (publication.scheduled_us == 0) {
    ++tally_.counts.foreign;
  } else {
    note_appearance(epoch, publication);
  }
}

void Room::note_recovered(const Epoch& from, const Epoch& to, std::uint64_t offset) {
  const Epochs::Fork fork = epochs_.link(from, to, offset);
  if (fork.count != 0) violate(&Violations::forked, &to, fork.first, 0, fork.count);
}

void Room::note_acked(std::string_view name, std::uint64_t offset, const MessageId& id) {
  if (name.empty() || offset == 0) return;
  Epoch* const epoch = epochs_.find(name);
  if (epoch == nullptr) return;  // nobody has received anything of it
  const std::uint64_t key = epoch->log.key(offset);
  if (key == 0 && offset >= epoch->log.begin()) {
    epoch->acked[offset] = id.key();
  } else if (key != 0 && key != id.key()) {
    violate(&Violations::forked, epoch, offset, id.scheduled_us);
  }
}

void Room::violate(std::uint64_t Violations::*kind, const Epoch* epoch, std::uint64_t offset,
                   std::uint64_t scheduled_us, std::uint64_t count) {
  const std::string_view name = epoch == nullptr ? std::string_view{} : epoch->name;
  tally_.violate(kind, {name_.channel, name, offset, scheduled_us}, count);
}

void Room::note_reset(const Epoch& epoch, std::uint64_t offset, std::uint64_t gone_us) {
  ++tally_.counts.resets;
  if (tally_.journal != nullptr) tally_.journal->reset(name_.channel, epoch.name, offset, gone_us);
}

void Room::note_appearance(const Epoch& epoch, const Publication& publication) {
  const auto [publisher, sequence] = MessageId::of_key(publication.key);
  Appeared& appeared = appeared_[publisher];
  // A publisher's messages are numbered without a gap, so remembering those that are missing is
  // enough to notice one that is stored a second time under another offset.
  if (sequence >= appeared.next) {
    while (appeared.next < sequence) appeared.missing.insert(appeared.next++);
    ++appeared.next;
  } else if (appeared.missing.erase(sequence) == 0) {
    violate(&Violations::stored_twice, &epoch, publication.offset, publication.scheduled_us);
    return;
  } else {
    ++tally_.counts.out_of_order;
  }
  events_.on_logged(publisher, sequence, publication.offset);
}

std::optional<Publication> Room::decode(std::string_view line) {
  // The decoder reads beyond the end of what it decodes (limits.h).
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
    if (id->room != name_.number) {
      violate(&Violations::misrouted, nullptr, offset, id->scheduled_us);
    }
    publication.key = id->key();
    publication.scheduled_us = id->scheduled_us;
  } else {
    constexpr std::uint64_t kForeign = std::uint64_t{1} << 63;  // no key() is that large
    // Has no id of this run: its content names it, so that the same one twice is noticed all the
    // same.
    publication.key = std::hash<std::string_view>{}(data) | kForeign;
  }
  return publication;
}

}  // namespace chirm::load

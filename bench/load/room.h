// SPDX-License-Identifier: MIT
#pragma once
// A room as this process sees it: what its subscribers received, put together. Pure.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "bench/load/epochs.h"
#include "bench/load/message_id.h"
#include "bench/load/room_log.h"
#include "bench/load/tally.h"
#include "protocol/message.h"

namespace chirm::load {

class Room {
 public:
  // Told when somebody has received a message of this run for the first time.
  class Events {
   public:
    virtual void on_logged(std::uint32_t publisher, std::uint32_t sequence,
                           std::uint64_t offset) = 0;

   protected:
    ~Events() = default;
  };

  struct Name {
    std::uint32_t run;
    std::uint32_t number;
    std::string channel;  // needs no escapes in JSON
  };

  // The references must outlive the room.
  Room(Name name, MessageDecoder& decoder, Tally& tally, Events& events);

  // The epoch of that name; a new one starts behind `offset`.
  Epoch& epoch(std::string_view name, std::uint64_t offset) { return epochs_.get(name, offset); }
  const std::vector<std::unique_ptr<Epoch>>& epochs() const { return epochs_.all(); }

  // Puts a publication that somebody received into the log of its epoch. Returns its offset, also
  // when the server does not number them.
  std::uint64_t log(Epoch& epoch, Publication publication);

  // What every line with a publication of this room starts with.
  const std::string& line_prefix() const { return line_prefix_; }
  // Decodes such a line; nullopt when it is something else after all.
  std::optional<Publication> decode(std::string_view line);
  // What a publication is, by its data.
  Publication identify(std::string_view data, std::uint64_t offset);

  // A subscriber that had everything up to `offset` of an epoch was told recovered:true in another.
  void note_recovered(const Epoch& from, const Epoch& to, std::uint64_t offset);
  // A publisher was told that its message is there. epoch: "" when it was not told.
  void note_acked(std::string_view epoch, std::uint64_t offset, const MessageId& id);
  // A subscriber was told recovered:false, and goes on from `offset`.
  void note_reset(const Epoch& epoch, std::uint64_t offset, std::uint64_t gone_us);
  // Counts what a subscriber, or all of them, saw. scheduled_us: of the message, 0 when not known.
  void violate(std::uint64_t Violations::*kind, const Epoch* epoch, std::uint64_t offset,
               std::uint64_t scheduled_us = 0, std::uint64_t count = 1);

  const std::string& channel() const { return name_.channel; }
  Tally& tally() const { return tally_; }

 private:
  // Which messages of a publisher have appeared: all before `next` but for `missing`.
  struct Appeared {
    std::uint32_t next = 0;
    std::unordered_set<std::uint32_t> missing;
  };
  void note_new(Epoch& epoch, const Publication& publication);
  void note_appearance(const Epoch& epoch, const Publication& publication);

  Name name_;
  std::string line_prefix_;
  MessageDecoder& decoder_;
  Tally& tally_;
  Events& events_;
  Epochs epochs_;
  std::unordered_map<std::uint32_t, Appeared> appeared_;  // by publisher
  std::string padded_;                                    // a copy of the line being decoded
};

}  // namespace chirm::load

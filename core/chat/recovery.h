// SPDX-License-Identifier: MIT
#pragma once
// What a channel's tail has to do with the broker's log: whether a client that comes back can be
// given everything that it missed, and how a node that missed something itself gets it. It decides
// and reads; who is answered or ended because of it the hub is told by what its functions return.
// Private to core/chat.

#include <cstdint>
#include <optional>

#include "core/chat/catch_ups.h"
#include "core/chat/channel.h"
#include "core/chat/chat_counters.h"
#include "core/chat/chat_settings.h"
#include "core/chat/history_reader.h"
#include "core/chat/tail_memory.h"
#include "core/chat/write_queue.h"

namespace chirm {

class Recovery {
 public:
  // All must outlive it.
  struct Parts {
    const ChatSettings& settings;
    ChatCounters& counters;
    HistoryReader& reader;
    WriteQueue& queue;
    TailMemory& tails;
    CatchUps& catch_ups;
  };
  explicit Recovery(const Parts& parts);

  // ---- Joining

  struct Outcome {
    bool is_refused;       // the client wants no subscription that has missed something
    bool is_recovered;     // all that it missed follows
    std::uint64_t cursor;  // where it stands
  };
  // How it ends; nullopt as long as that has to be found out. The channel must have an answer to
  // its own subscribe.
  std::optional<Outcome> try_join(Channel& channel, Joining& joining);
  // Reads what those that still wait have to know, unless it is being read.
  void look_back(Channel& channel);
  // Credible answers to it.
  void on_older(Channel& channel, std::uint64_t since, const History& history);
  void on_oldest(Channel& channel, std::uint64_t since, const History& history);

  // ---- The tip

  // Reads what is missing, unless it is being read.
  void repair(Channel& channel);
  // The same, if something may have been missed and nothing is being read.
  void repair_if_due(Channel& channel);
  // An answer does not belong to the log that we follow: nothing is believed of history until the
  // tip has been compared.
  void doubt(Channel& channel);

  enum class Tip : std::uint8_t {
    kUnknown,  // there is more to read, or it is tried again later
    kWhole,    // the tail ends where the log does
    // The log is not the one that the members have followed, or a part of it is gone. The tail is
    // empty. The caller ends all members, who come back with their positions.
    kStartedOver,
  };
  [[nodiscard]] Tip on_missing(Channel& channel, const Expected<History, ErrorCode>& history);

 private:
  bool fits_tail(const Channel& channel, std::uint64_t since) const;
  Outcome join(const Channel& channel, const Joining& joining, bool is_recovered);
  void append_missing(Channel& channel, const std::vector<Publication>& missing);
  Tip go_on(Channel& channel);
  void start_over(Channel& channel, const LogTop& top);

  const Parts parts_;
  ChatCounters& counters_;
  HistoryReader& reader_;
  TailMemory& tails_;
};

}  // namespace chirm

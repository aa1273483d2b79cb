// SPDX-License-Identifier: MIT
#pragma once
// Reads the broker's history for channels, never for clients: what comes is given to everybody who
// needs it. And what an answer says of the store: whether it may be believed, how far back the log
// goes. Private to core/chat.

#include <cstdint>
#include <functional>
#include <string_view>

#include "core/broker/broker.h"
#include "core/chat/channel.h"
#include "core/chat/channel_table.h"
#include "core/loop/loop.h"

namespace chirm {

// What a read is for.
enum class HistoryUse : std::uint8_t {
  kOlder,    // publications right before the tail, for the tail
  kOldest,   // only whether the store still has what somebody missed
  kPage,     // publications from before the tail, for those who catch up
  kMissing,  // publications behind the tip
};

struct HistoryAnswer {
  HistoryUse use;
  std::uint64_t since;  // of the request
  const Expected<History, ErrorCode>& history;
};

class HistoryReader {
 public:
  static constexpr std::uint32_t kPublicationsMax = 1'000;  // in a read

  // All must outlive the reader. `on_answer` is called later, of channels that are still there.
  using OnAnswer = std::function<void(Channel& channel, const HistoryAnswer& answer)>;
  HistoryReader(Loop& loop, Broker& broker, ChannelTable& channels, OnAnswer on_answer);

  // One read at a time for a channel, besides that of what is missing at its tip. An answer that
  // StoredHistory::reading does not wait for any more is thrown away.
  struct Range {
    std::uint64_t since;
    std::uint32_t count_max = kPublicationsMax;
    std::size_t bytes_max = SIZE_MAX;
  };
  void read(Channel& channel, HistoryUse use, const Range& range);
  // The channel must be kRepairing; an answer that comes when it is not is thrown away.
  void read_missing(Channel& channel, std::size_t bytes_max);

  // Reads of history before a tail, of all channels.
  std::size_t under_way() const { return under_way_; }
  // Whether something was asked for since the last call: the broker is to be flushed again.
  bool take_has_asked();

  // Whether the answer comes from the log that the tail is the end of.
  static bool is_credible(const Channel& channel, const HistoryAnswer& answer);
  // Takes from a credible answer how far back the store goes.
  void note_oldest(Channel& channel, std::uint64_t since, const History& history);
  // Whether the store had everything behind `since` a moment ago.
  bool is_kept(const Channel& channel, std::uint64_t since) const;

 private:
  Loop& loop_;
  Broker& broker_;
  ChannelTable& channels_;
  OnAnswer on_answer_;
  std::uint64_t reads_ = 0;  // of history before a tail, so far
  std::size_t under_way_ = 0;
  bool has_asked_ = false;
};

}  // namespace chirm

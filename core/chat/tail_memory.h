// SPDX-License-Identifier: MIT
#pragma once
// The memory that all tails and pages of this node take together: the one place that changes them,
// and so the one that counts their bytes (ChatCounters::tail_bytes, page_bytes) and says how much a
// channel may have. Private to core/chat.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "core/chat/channel.h"
#include "core/chat/channel_table.h"
#include "core/chat/chat_counters.h"
#include "core/chat/chat_settings.h"

namespace chirm {

class TailMemory {
 public:
  // Both must outlive it.
  TailMemory(const ChatSettings& settings, ChatCounters& counters)
      : settings_(settings), counters_(counters) {}

  // ---- Tails

  // The publication behind the channel's top; it arrives now. What is too much then goes at once
  // only when nobody can want it or when it is far too much. Else it goes when the members have
  // been written: nobody is to fall behind who had no turn yet.
  void append(Channel& channel, std::string_view body);
  // Older publications, in order, the last of them right before log.first().
  void prepend(ChannelLog& log, std::span<const Publication> older);
  // The publication there has another body; nothing happens when the log does not hold it.
  void replace(ChannelLog& log, std::uint64_t offset, std::string_view body);
  // Those up to `offset` go.
  void drop(ChannelLog& log, std::uint64_t offset);
  // All go. The next one has offset top.offset + 1.
  void reset(ChannelLog& log, LogTop top);
  // What is older goes as long as the log has more than bytes_max().
  void trim(ChannelLog& log);

  // What one channel's tail may have. Less than the setting when all of them have too much.
  std::size_t bytes_max() const;
  // Twice as much as it may have: then it is not waited for who reads it.
  bool is_far_over(const ChannelLog& log) const { return log.bytes() > 2 * bytes_max(); }

  // A clock for when publications arrive: in units of about a microsecond. It wraps around after 73
  // minutes; a delivery takes less.
  static std::uint32_t arrival_clock();
  static std::uint64_t us_since(std::uint32_t arrived);

  // ---- Pages of history

  // Whether one more may be read. Those that have been asked for and have not come count as full.
  bool has_room_for_page(std::size_t reads_under_way) const;
  // What the page holds is replaced by publications, of which the first follows `before`.
  void fill_page(ChannelLog& page, Position before, std::span<const Publication> publications);
  void empty_page(ChannelLog& page, Position top) { fill_page(page, std::move(top), {}); }

  // What is counted is what there is. Looks at all channels.
  void check(const ChannelTable& channels) const;

 private:
  class Change;

  const ChatSettings& settings_;
  ChatCounters& counters_;
};

}  // namespace chirm

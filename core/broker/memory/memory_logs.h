// SPDX-License-Identifier: MIT
#pragma once
// The channels' logs of a MemoryBroker, and the bounds on what they take. Knows no clock: who calls
// says what time it is, never an earlier one than before. Private to core/broker.
//
//   log:  dropped   publications, without holes
//        1        top - size + 1              top

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "core/base/intrusive_list.h"
#include "core/base/random.h"
#include "core/base/turn_slice.h"
#include "core/broker/broker.h"
#include "core/broker/broker_settings.h"
#include "core/broker/message_ids.h"

namespace chirm {

class MemoryLogs {
 private:
  struct ByUseTag;
  struct Kept {
    std::deque<Publication> publications;
    MessageIds message_ids{kMessageIdsMax};
    std::uint64_t published_ms = 0;  // the newest publication
  };

 public:
  static constexpr std::size_t kMessageIdsMax = 100'000;  // of a channel
  // A channel that was only asked for has nothing to lose but its epoch: it is forgotten early.
  static constexpr std::uint64_t kEmptyChannelMs = 60'000;

  struct Log : ListHook<ByUseTag> {
    std::string epoch;
    std::uint64_t top = 0;         // the offset of the newest publication there ever was
    std::unique_ptr<Kept> kept;    // null until something is published: most inboxes stay so
    std::uint64_t touched_ms = 0;  // when it was last asked for
    bool is_subscribed = false;

    Position position() const { return {top, epoch}; }
  };

  // An epoch's name comes from `random`.
  MemoryLogs(const BrokerSettings& settings, Random random)
      : settings_(settings), random_(std::move(random)) {}

  // Valid until forget_old().
  Log& find_or_create(std::string_view channel, std::uint64_t now_ms);
  Log* find(std::string_view channel);

  struct Appended {
    std::uint64_t offset;
    const std::string* body;  // null: a repetition of this offset. Valid until bound()
  };
  // `message_key` "" is none. The bounds are kept by bound(), when the body has been used.
  Appended append(Log& log, std::string_view message_key, std::string body, std::uint64_t now_ms);
  Rewritten rewrite(Log& log, std::uint64_t offset, std::string_view expected, std::string body);
  // Drops the oldest publications of the log beyond history_size, and of the logs that were silent
  // longest as long as all together take more than memory_bytes_max.
  void bound(Log& log);

  // As a HistoryRequest says.
  History read(const Log& log, const HistoryRequest& request) const;

  // What is older than the settings say: message ids, publications, and the numbering of channels
  // that nobody has subscribed to.
  void forget_old(std::uint64_t now_ms);

  std::size_t stored_bytes() const { return stored_bytes_; }
  // What the members promise of each other. Looks at some of the logs, at others the next time.
  void check() const;

 private:
  static Publication* find_publication(Log& log, std::uint64_t offset);  // null: it is not there
  void drop_oldest(Log& log);
  void drop_all(Log& log);
  void check(std::string_view channel, const Log& log) const;

  const BrokerSettings settings_;
  Random random_;
  std::unordered_map<std::string, Log> logs_;
  IntrusiveList<Log, ByUseTag> by_use_;  // those with publications, the one silent longest first
  std::size_t stored_bytes_ = 0;         // of all publications
  mutable TurnSlice checked_;
};

}  // namespace chirm

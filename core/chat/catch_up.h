// SPDX-License-Identifier: MIT
#pragma once
// Those of a channel's members that stand before its tail, and the page of the broker's history
// that they are written from. The page moves forward through the history, a round, until it meets
// the tail:
//
//   history   … 101 … 140 | 141 ……… 200 | 201 …… 5,000 | 5,001 … 5,157
//                 ^ waits for   page            ^ waits    tail
//                   the next round                for the page
//
// So history is read once for all of them, and no more of it than a page is held, whatever the
// readers do. Private to core/chat; CatchUps does the work.

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "core/base/check.h"
#include "core/base/intrusive_list.h"
#include "core/chat/channel_log.h"

namespace chirm {

class Channel;
class Subscriber;
struct CatchUpTag;
struct DueCatchUpTag;

struct CatchUp : public ListHook<CatchUpTag>, public ListHook<DueCatchUpTag> {
  CatchUp(Channel& its_channel, std::string name, WsEncoder& encoder)
      : channel(its_channel), page(std::move(name), encoder) {}

  // Whether the page has something behind `cursor`.
  bool has(std::uint64_t cursor) const { return page.covers(cursor) && cursor < page.top().offset; }
  void check() const {
    page.check();
    CHIRM_CHECK(unserved <= readers.size(), page.channel(), unserved, readers.size());
  }

  Channel& channel;
  ChannelLog page;
  std::vector<Subscriber*> readers;
  std::size_t unserved = 0;            // readers for which the page has something
  std::uint64_t waiting_since_ms = 0;  // for blocked readers, by others; 0: nobody waits
  std::uint64_t round_since_ms = 0;
  std::uint64_t retry_ms = 0;  // when history may be read again after an error
};

}  // namespace chirm

// SPDX-License-Identifier: MIT
#pragma once
// What all clients on one loop share: the socket poller, the timing wheel, codecs, one read buffer.
// Must outlive them.

#include <cstddef>
#include <string>

#include "core/base/random.h"
#include "core/loop/loop.h"
#include "core/loop/poller.h"
#include "core/loop/timer_wheel.h"
#include "protocol/message.h"
#include "protocol/ws_decoder.h"
#include "protocol/ws_encoder.h"

namespace chirm::client {

struct Context {
  // The seed decides jitter, so that a load run can be repeated.
  explicit Context(Loop& the_loop);
  Context(Loop& the_loop, std::uint64_t seed);

  Loop& loop;
  Poller poller{loop};
  TimerWheel wheel{loop};
  WsDecoderPool decoder_pool;
  WsEncoder encoder{WsRole::kClient};
  MessageDecoder message_decoder;
  Random random;
  std::string read_buffer;  // used only within one read
};

}  // namespace chirm::client

// SPDX-License-Identifier: MIT
#pragma once
// Turns received bytes into WebSocket messages (RFC 6455 §5), on wslay's frame API. wslay decodes
// frames; fragments, limits, UTF-8 and the Close payload are checked here. Pure.
//
// A wslay frame context takes 4.3 KB, and most connections are silent most of the time. So a
// decoder borrows one from a pool only while it is inside a message, and holds a null pointer
// otherwise.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "protocol/codes.h"
#include "protocol/ws_encoder.h"

namespace chirm {

// Receives what a decoder finds, in the order it was sent. Views are valid until the call returns.
class WsHandler {
 public:
  // A complete data message, text and binary alike (text was checked to be UTF-8). At least
  // limits::kJsonPadding bytes behind it may be read. Return false to drop the rest of the input,
  // as the connection is going away. Then the decoder must not be fed again; it may be destroyed
  // once feed() has returned, not before.
  virtual bool on_message(std::string_view payload) = 0;
  virtual bool on_ping(std::string_view payload) = 0;
  virtual bool on_pong(std::string_view payload) = 0;
  // code is 1005 when the Close frame had no payload (§7.1.5).
  virtual bool on_close(std::uint16_t code, std::string_view reason) = 0;

 protected:
  ~WsHandler() = default;
};

class WsAssembly;  // a wslay context and the message that is being put together (ws_decoder.cc)

// The contexts and buffers shared by all decoders of one thread. Must outlive them.
class WsDecoderPool {
 public:
  // role: which end *we* are; a server refuses unmasked frames and a client masked ones (§5.1).
  // message_bytes_max: a longer message is refused with 1009 before memory is allocated for it.
  WsDecoderPool(WsRole role, std::size_t message_bytes_max);
  ~WsDecoderPool();
  WsDecoderPool(const WsDecoderPool&) = delete;
  WsDecoderPool& operator=(const WsDecoderPool&) = delete;

 private:
  friend class WsDecoder;
  std::unique_ptr<WsAssembly> borrow();
  void give_back(std::unique_ptr<WsAssembly> assembly);

  WsRole role_;
  std::size_t message_bytes_max_;
  std::vector<std::unique_ptr<WsAssembly>> idle_;
};

class WsDecoder {
 public:
  explicit WsDecoder(WsDecoderPool& pool);
  ~WsDecoder();
  WsDecoder(const WsDecoder&) = delete;
  WsDecoder& operator=(const WsDecoder&) = delete;

  // Takes all of `bytes`. Returns why the connection must be closed, if it must: 1002 protocol
  // error, 1007 invalid UTF-8, 1009 too big or more than limits::kMessageFragments fragments. After
  // that, or after a handler returned false, the decoder takes no more input. A frame's header is
  // judged when the first byte of its payload is there. What follows a Close frame is still handed
  // out, unless on_close returns false.
  [[nodiscard]] std::optional<Disconnect> feed(std::string_view bytes, WsHandler& handler);

  // True when no part of a frame or message has been taken in: the next byte starts a frame.
  bool is_at_message_boundary() const { return assembly_ == nullptr; }
  // What the message that has not come whole yet takes.
  std::size_t held_bytes() const;
  // Gives that up: the decoder takes no more input.
  void abandon();

 private:
  WsDecoderPool& pool_;
  std::unique_ptr<WsAssembly> assembly_;  // null exactly at a message boundary
};

}  // namespace chirm

// SPDX-License-Identifier: MIT
#pragma once
// What a client tells whoever uses it, without being asked.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "protocol/message.h"

namespace chirm::client {

// Why the connection is gone.
struct Disconnected {
  std::uint16_t code = 0;  // of the close, or of the refusal to connect; 0: the transport failed
  std::string reason;      // for people
  // When the next attempt begins; nullopt: none will be made (terminal code, or disconnect()).
  std::optional<std::uint32_t> retry_in_ms;
};

struct Subscribed {
  std::uint64_t offset = 0;  // of the log's top, or where recovery goes on from
  std::string epoch;
  bool was_recovering = false;
  bool recovered = false;  // nothing was missed: what was published meanwhile follows in order
};

// Told what happens. Any of these may call the client, but not destroy it.
class Events {
 public:
  virtual void on_connected(std::string_view client_id, std::string_view server_version) = 0;
  virtual void on_disconnected(const Disconnected& why) = 0;
  // Also for channels that nobody asked for: the server can subscribe a client, to its user's inbox
  // for example. They are told behind on_connected, and then are as any others.
  virtual void on_subscribed(std::string_view channel, const Subscribed& how) = 0;
  // The subscription ended for good (an error reply, an unsubscribe push below 2500, or the server
  // made it and does not any more).
  virtual void on_unsubscribed(std::string_view channel, std::uint32_t code,
                               std::string_view reason) = 0;
  virtual void on_publication(std::string_view channel, const PublicationView& publication) = 0;
  // Of a subscription with join_leave.
  virtual void on_join(std::string_view channel, const ClientInfoView& who) {
    (void)channel, (void)who;
  }
  virtual void on_leave(std::string_view channel, const ClientInfoView& who) {
    (void)channel, (void)who;
  }
  // See Options::has_token_source. To be answered with Client::set_token() or fail_token(), now or
  // later; it is not asked again before.
  virtual void on_token_wanted() {}
  // Bytes as received, at a message boundary of an established connection, before they are decoded.
  // Returns how many of them, whole frames, the receiver has dealt with itself; 0 for none. It must
  // tell advance() what they contained. For load generators.
  virtual std::size_t on_bytes(std::string_view bytes) {
    (void)bytes;
    return 0;
  }

 protected:
  ~Events() = default;
};

}  // namespace chirm::client

// SPDX-License-Identifier: MIT
#pragma once
// A client of the Centrifugal protocol v2 (JSON): connects, reconnects with jittered backoff,
// subscribes with recovery, and keeps publications in an outbox until they are acknowledged. Works
// against chirmd and Centrifugo. Lives on its Context's loop; not thread-safe.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "client/events.h"
#include "client/options.h"
#include "client/replies.h"
#include "core/loop/socket.h"

namespace chirm {
class TlsSession;
}

namespace chirm::client {

class ClientImpl;
struct Context;

class Client {
 public:
  // context and events must outlive the client. Destroying it tells nobody anything: what is in the
  // outbox is lost, and functions that wait for a reply are not called.
  Client(Context& context, Options options, Events& events);
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  // Begins to connect, and to reconnect from then on.
  void connect();
  // Closes with 1000 and stays away. on_disconnected follows with no retry.
  void disconnect();
  // Drops the TCP connection without a word, as a crash would; the client then reconnects.
  void drop_connection();
  // Like drop_connection(), but the TCP connection stays open, unattended, as after a machine has
  // vanished. The socket is the caller's; it is not open when there was no connection.
  Socket abandon_connection();
  // Reads nothing from the present connection until told to go on.
  void pause_reading(bool is_paused);
  bool is_connected() const;
  // How the present connection is encrypted; null without TLS. Valid until it ends.
  const TlsSession* tls() const;

  // The answers to Events::on_token_wanted(). A temporary failure is asked about again later, any
  // other keeps the client from connecting.
  void set_token(std::string_view token);
  void fail_token(const CommandError& error);

  // Subscribes now or as soon as connected, and again after every reconnect, recovering from the
  // last position seen. Does nothing when subscribed already.
  void subscribe(std::string_view channel, SubscribeOptions options = {});
  // A channel that the server subscribes to comes back with the next connection.
  void unsubscribe(std::string_view channel);
  // The last offset seen in the channel, 0 when unknown.
  std::uint64_t position(std::string_view channel) const;
  // For on_bytes(): publications up to `offset` of the channel were received.
  void advance(std::string_view channel, std::uint64_t offset);

  // `data` is a JSON value without line feeds. Publications leave in the order of the calls. When
  // the connection is lost, or the server answers with a temporary error, one whose data has a
  // string member `id` is sent again (the server stores it once), up to Options::resend_limit_ms.
  // Then it is reported as failed, with the error of the last refusal or code 0; one without `id`
  // at once, with code 0, for nobody can know. `done` may be empty. Fails at once when the outbox
  // is full (106) or the publication is larger than servers take (107).
  void publish(std::string_view channel, std::string_view data, OnPublished done);
  std::size_t outbox_size() const;
  // How often a publication was sent again.
  std::uint64_t resent() const;

  void presence(std::string_view channel, OnPresence done);
  void presence_stats(std::string_view channel, OnPresenceStats done);
  // The newest `limit` publications of the channel, oldest first.
  void history(std::string_view channel, std::uint32_t limit, OnHistory done);
  // The same of those before the offset `before`, at least 1, of the log's life `epoch`.
  void history_before(std::string_view channel, std::uint64_t before, std::string_view epoch,
                      std::uint32_t limit, OnHistory done);

  // `data` is a JSON value without line feeds, or ""; what `done` gets is one, valid in the call.
  // Not sent again: code 0 when there was no answer, or no connection.
  void rpc(std::string_view method, std::string_view data, OnRpc done);

 private:
  std::unique_ptr<ClientImpl> impl_;
};

}  // namespace chirm::client

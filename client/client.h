// SPDX-License-Identifier: MIT
#pragma once
// A client of the Centrifugal protocol v2 (JSON): connects, reconnects with jittered backoff,
// subscribes with recovery, and keeps publications in an outbox until they are acknowledged. Works
// against chirmd and Centrifugo. Lives on its Context's loop; not thread-safe.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "client/url.h"
#include "core/loop/socket.h"
#include "protocol/expected.h"
#include "protocol/message.h"

namespace chirm::client {

struct Context;

struct Options {
  Url url;
  std::string token;          // connection JWT, "" for none (yet)
  std::string name;           // connect.data.name, "" for none: the user name in insecure mode
  std::string local_address;  // source address to bind, "" for the system's choice
  std::uint32_t receive_buffer_bytes = 0;  // of the socket, 0 for the system's choice
  // Delay before attempt n: uniform in [0, min(backoff_max_ms, backoff_min_ms * 2^n)], at least 10.
  std::uint32_t backoff_min_ms = 100;
  std::uint32_t backoff_max_ms = 5000;
  std::uint32_t command_timeout_ms = 5000;  // also for opening the connection
  // For the ack of a publication: longer than a server holds it while its store is away (chirmd's
  // --hold, 4 s), for a client that gives up sooner loses its connection for nothing.
  std::uint32_t publish_timeout_ms = 15'000;
  // A publication is sent again until so long after it was sent first, then reported as failed.
  // Must be shorter than the server remembers its id (chirmd's --idempotency-ttl, 300 s), by the
  // timeout above: sent later, it could be stored twice.
  std::uint32_t resend_limit_ms = 240'000;
  std::size_t outbox_max = 1000;             // publications waiting for their ack
  std::uint32_t ping_delay_max_ms = 10'000;  // how late a ping may be before the server is dead
  // Events::on_token_wanted() is asked for a token: before connecting when there is none or it has
  // expired, and while connected before it expires. Without, a connection ends with its token.
  bool has_token_source = false;
};

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

// A failed command. Code 0: it got no answer (timeout, connection lost).
struct CommandError {
  std::uint32_t code = 0;
  std::string message;
  bool temporary = false;
};

struct SubscribeOptions {
  bool join_leave = false;  // on_join() and on_leave() tell who comes and goes
};

struct Present {
  std::string user;
  std::string client;
};

struct PresenceStats {
  std::uint64_t clients = 0;
  std::uint64_t users = 0;
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
  using OnPublished = std::function<void(Expected<std::uint64_t, CommandError>)>;  // the offset
  void publish(std::string_view channel, std::string_view data, OnPublished done);
  std::size_t outbox_size() const;
  // How often a publication was sent again.
  std::uint64_t resent() const;

  using OnPresence = std::function<void(Expected<std::vector<Present>, CommandError>)>;
  void presence(std::string_view channel, OnPresence done);
  using OnPresenceStats = std::function<void(Expected<PresenceStats, CommandError>)>;
  void presence_stats(std::string_view channel, OnPresenceStats done);
  // The newest `limit` publications of the channel, oldest first.
  using OnHistory = std::function<void(Expected<std::vector<PublicationView>, CommandError>)>;
  void history(std::string_view channel, std::uint32_t limit, OnHistory done);
  // The same of those before the offset `before`, at least 1, of the log's life `epoch`.
  void history_before(std::string_view channel, std::uint64_t before, std::string_view epoch,
                      std::uint32_t limit, OnHistory done);

  // `data` is a JSON value or ""; what `done` gets is one, valid in the call. Not sent again: code
  // 0 when there was no answer, or no connection.
  using OnRpc = std::function<void(Expected<std::string_view, CommandError>)>;
  void rpc(std::string_view method, std::string_view data, OnRpc done);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace chirm::client

// SPDX-License-Identifier: MIT
#pragma once
// One accepted socket: HTTP requests, one after the other, and after an upgrade a WebSocket
// connection that carries a Session. Keeps no buffer while idle. Private to core/server.
// Many functions, because it is what five interfaces call: most are one or two lines.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/address_range.h"
#include "core/base/intrusive_list.h"
#include "core/chat/session.h"
#include "core/loop/poller.h"
#include "core/loop/socket.h"
#include "core/loop/timer_wheel.h"
#include "core/server/http/http_exchange.h"
#include "protocol/ws_decoder.h"

namespace chirm {

struct ConnectionContext;
struct ConnectionTag;

class Connection final : public ListHook<ConnectionTag>,
                         private PollTarget,
                         private WheelEntry,
                         private WsHandler,
                         private HttpTransport {
 public:
  // context must outlive the connection.
  Connection(ConnectionContext& context, Socket socket);
  ~Connection();

  // Call once. False when the socket cannot be watched, or its address has as many as it may have:
  // it is of no use then.
  [[nodiscard]] bool start(HttpService service);
  // Ends, if no request of it is being answered and it is no WebSocket connection. False: it does
  // not.
  bool give_way();
  // By which its socket counts; nullopt: it is not known, or a proxy's, whose sockets count as its
  // clients' once these are known.
  std::optional<AddressBytes> network() const;
  // One that is there for health checks counts for nobody.
  bool counts_for(const AddressBytes& network) const {
    return is_counted_ && network == network_of(address_);
  }
  // Sends the session away when its commands have been answered, or ends at once where there is
  // none. An HTTP request whose head has come is answered, and the connection ends with that.
  void drain();
  // Closes it now, whatever it is in the middle of; nothing more of its input is used.
  void drop();
  // Ends the process unless the state agrees with what there is.
  void check() const;

 private:
  enum class State : std::uint8_t {
    kHttp,      // requests and answers
    kOpen,      // a WebSocket connection
    kClosing,   // our Close frame is queued; input only matters for the peer's Close frame
    kFinished,  // all is written and our direction is shut down; waiting for the peer to close
    kEnded,     // the socket is closed; whoever owns us deletes us at the end of the turn
  };

  // PollTarget, WheelEntry
  void on_ready(bool readable, bool writable) override;
  void on_deadline() override;
  // WsHandler
  bool on_message(std::string_view payload) override;
  bool on_ping(std::string_view payload) override;
  bool on_pong(std::string_view payload) override;
  bool on_close(std::uint16_t code, std::string_view reason) override;
  // Transport, for the session
  std::size_t write(std::span<const iovec> pieces, std::size_t bytes) override;
  void on_closing() override;
  // HttpTransport, for the exchange
  std::optional<std::size_t> send(std::string_view bytes) override;
  void set_deadline(std::uint32_t seconds) override;
  std::string peer() const override;
  HttpService service() const override { return service_; }
  bool is_tls() const override { return tls_ != nullptr; }
  bool claim(const std::string& address) override;
  void on_upgraded(std::string input) override;
  void end() override;
  // for both
  void set_input_wanted(bool is_wanted) override;
  void on_all_written() override;

  void read();
  void on_bytes(std::string_view bytes);
  void feed(std::string_view bytes);
  void want_output();
  void watch();
  // The peer's; nullopt: it is not known, or it is a proxy.
  std::optional<AddressBytes> direct_address() const;
  bool count_as(const AddressBytes& address);
  void decrypt(std::string_view bytes);
  void on_tls_failed();
  std::size_t encrypt(std::span<const iovec> pieces, std::size_t bytes);
  bool send_cipher(std::string_view bytes);
  bool flush_cipher();
  void shut_down();

  ConnectionContext& context_;
  Socket socket_;
  State state_ = State::kHttp;
  struct Tls;
  std::unique_ptr<Tls> tls_;  // null: the bytes are plain
  bool is_input_wanted_ = true;
  bool is_output_wanted_ = false;
  bool is_decoder_done_ = false;  // it refused its input or saw a Close frame
  HttpService service_ = HttpService::kAll;
  bool is_counted_ = false;  // as a socket of address_'s network
  // The client's: the peer's, or once it is upgraded behind a proxy what that says. Known exactly
  // while it is counted.
  AddressBytes address_{};
  WsDecoder decoder_;
  std::unique_ptr<HttpExchange> http_;  // until the upgrade
  std::unique_ptr<Session> session_;    // from then on
};

}  // namespace chirm

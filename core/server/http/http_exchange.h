// SPDX-License-Identifier: MIT
#pragma once
// The HTTP/1.1 half of a connection: its requests, read and answered one after the other (RFC
// 9112), until it is upgraded or over. Private to core/server.
// Most of its many members belong to the request at hand, and start anew with the next one.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/chat/transport.h"
#include "core/server/http/http_router.h"
#include "protocol/http.h"
#include "protocol/http_response.h"

namespace chirm {

class Admission;
class AuditLog;
struct ServerCounters;
struct ServerSettings;

// What the exchanges of a node share. Must outlive them, and so must what it refers to.
struct HttpContext {
  const ServerSettings& settings;
  ServerCounters& counters;
  const HttpRouter& router;
  const Admission& admission;
  AuditLog& audit;
};

// What a connection is for.
enum class HttpService : std::uint8_t {
  kAll,
  kHealth,    // no file is left for clients: only questions after the node's health are answered
  kRedirect,  // all are sent to the port with TLS
};

// What an exchange needs of its connection: set_input_wanted() and on_all_written() as a session
// does, and what follows. None of these calls back into the exchange but end(), which abandons it.
// One interface on top of the other, for each of its own would cost a connection 8 bytes.
class HttpTransport : public Transport {
 public:
  // Hands `bytes` to the kernel. Returns how many it took; fewer: HttpExchange::on_writable()
  // follows. nullopt: the connection has ended.
  virtual std::optional<std::size_t> send(std::string_view bytes) = 0;
  // HttpExchange::on_deadline() is called then; replaces the one before.
  virtual void set_deadline(std::uint32_t seconds) = 0;
  // The peer's address, numeric; "" when it is not known any more.
  virtual std::string peer() const = 0;
  virtual HttpService service() const = 0;
  // What it carries comes over TLS to this process.
  virtual bool is_tls() const = 0;
  // The connection is about to be upgraded for a client at this address, which may be "". False:
  // the address has as many as it may have.
  virtual bool claim(const std::string& address) = 0;
  // The answer that upgrades the connection has been written. `input` is what came behind its
  // request. Destroys the exchange.
  virtual void on_upgraded(std::string input) = 0;
  // Closes the socket at once.
  virtual void end() = 0;

 protected:
  ~HttpTransport() = default;
};

class HttpExchange {
 public:
  // Both must outlive the exchange.
  HttpExchange(HttpContext& context, HttpTransport& transport);
  ~HttpExchange();
  HttpExchange(const HttpExchange&) = delete;
  HttpExchange& operator=(const HttpExchange&) = delete;

  // Each of these three may end or upgrade the connection, and so destroy the exchange: it has to
  // be the last thing that the caller does with it.
  void on_bytes(std::string_view bytes);
  void on_writable();
  void on_deadline();

  // The peer will send no more. False: nothing is to be answered any more.
  bool on_end_of_input();
  // The connection has ended: answers that come now are dropped.
  void abandon() { state_ = State::kOver; }
  // No request is being read beyond a part of its head, or answered.
  bool is_idle() const { return state_ == State::kRequest && !request_; }
  // No request is being answered.
  bool is_waiting() const { return state_ == State::kRequest || state_ == State::kOver; }

 private:
  enum class State : std::uint8_t {
    kRequest,   // reading a request, or waiting for the next
    kHandling,  // its handler has not answered yet
    kResponse,  // writing the answer
    kUpgraded,  // the transport is about to be told
    kOver,      // the last answer is written, or the connection has ended
  };

  void serve();
  bool serve_one();
  bool read_head();
  void admit();
  void upgrade();
  HttpResponse redirect() const;
  void handle(std::string body);
  // Who sent request_.
  ClientOrigin client() const;
  // In the form of what was asked for.
  HttpResponse refusal(const HttpError& error) const;
  void refuse(const HttpResponse& response);
  void answer(std::uint64_t serial, const HttpResponse& response);
  void respond(const HttpResponse& response);
  void write_response();
  void begin_next_request();

  HttpContext& context_;
  HttpTransport& transport_;
  State state_ = State::kRequest;
  //   | body of the request | later requests |   behind the request's head, once that has come
  std::string input_;
  std::optional<HttpRequest> request_;  // its head has come, and it is not being handled yet
  const HttpRouter::Route* route_ = nullptr;
  HttpFraming framing_;          // of the answer
  std::string output_;           // it, encoded, but for:
  std::string_view lasting_;     // what follows that
  std::size_t written_ = 0;      // of both, the bytes that the socket has taken
  std::size_t unread_from_ = 0;  // written_ when its deadline was set
  std::uint64_t serial_ = 0;     // of the request: what answers another comes too late
  bool has_begun_ = true;        // false while nothing of the next request has come
  bool is_serving_ = false;      // serve() is running
  bool wants_json_ = false;      // how errors are told
  bool is_tls_alone_ = false;    // browsers are told not to come without TLS any more
  // What handlers hold: points to this, and to null once it has gone. Null before the first.
  std::shared_ptr<HttpExchange*> self_;
};

}  // namespace chirm

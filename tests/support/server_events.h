// SPDX-License-Identifier: MIT
#pragma once
// What a server sends to one client, written down as lines that a test can compare:
//
//   1 connect {"client":"C",…}      a reply: id, method, result; client ids are shown as C
//   2 subscribe {"epoch":"E",…}     … and epochs as E
//   3 error 105                     an error reply
//   room:a 7 {"n":1}                a publication: channel, offset, data
//   room:a unsubscribed 2500
//   room:a joined ada               a join push: channel, user; or `left`
//   ping                            the protocol's ping, {}
//   ws-pong x                       a WebSocket Pong
//   close 3501 bad request

#include <string>
#include <string_view>
#include <vector>

#include "protocol/message.h"
#include "protocol/ws_decoder.h"

namespace chirm::testing {

class ServerEvents final : public WsHandler {
 public:
  // The lines since the last call.
  std::vector<std::string> take();
  // How many lines start with `prefix`.
  std::size_t count(std::string_view prefix) const;
  bool has(std::string_view prefix) const { return count(prefix) > 0; }

  std::vector<std::string> lines;
  std::vector<std::string> messages;  // WebSocket messages as they came
  std::string epoch;                  // the last that a reply told
  std::string client_id;              // that the connect reply told
  std::uint16_t close_code = 0;       // of the Close frame
  bool is_kept = true;                // false: messages are counted only, for floods
  std::size_t message_count = 0;

  // WsHandler
  bool on_message(std::string_view payload) override;
  bool on_ping(std::string_view payload) override;
  bool on_pong(std::string_view payload) override;
  bool on_close(std::uint16_t code, std::string_view reason) override;

 private:
  void add_line(std::string_view json);
  std::string describe_reply(std::string_view json, const ServerMessage& reply);

  MessageDecoder decoder_;
};

}  // namespace chirm::testing

// SPDX-License-Identifier: MIT
#pragma once
// One HTTP request to a chat server's port, and its reply. Lives on the loop; destroying it gives
// the call up.

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "client/socket_stream.h"
#include "client/url.h"
#include "core/base/error.h"
#include "core/loop/fd_watcher.h"
#include "core/loop/loop.h"
#include "core/loop/resolver.h"
#include "core/loop/socket.h"
#include "core/loop/timer.h"
#include "protocol/http_reply.h"

namespace chirm::client {

class HttpCall {
 public:
  using OnReply = std::function<void(Expected<HttpReply, Error>)>;

  // Begins; `done` is called later, once, and may destroy the call. Of the URL, host and port
  // count. `body` is JSON, or "".
  HttpCall(Loop& loop, const Url& url, std::string_view method, std::string_view target,
           std::string_view body, std::uint64_t timeout_ms, OnReply done);
  HttpCall(const HttpCall&) = delete;
  HttpCall& operator=(const HttpCall&) = delete;

 private:
  void resolve(const Url& url);
  void connect_next();
  void on_ready();
  void on_connected();
  void write();
  void read();
  void fail(std::string_view why);
  void finish(Expected<HttpReply, Error> reply);

  Loop& loop_;
  const Url url_;
  const std::string authority_;
  std::string output_;  // what is left to be written
  OnReply done_;
  std::vector<std::string> addresses_;  // those to be tried, the next one last
  std::string problem_;                 // of the address before
  bool is_connecting_ = true;
  Socket socket_;
  SocketStream stream_;
  std::unique_ptr<FdWatcher> watcher_;
  HttpReplyReader reader_;
  Resolver resolver_;
  Timer deadline_;
  Timer next_;  // tries the next address in another turn
};

}  // namespace chirm::client

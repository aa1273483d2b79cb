// SPDX-License-Identifier: MIT
#include "core/loop/resolver.h"

#include <netdb.h>
#include <uv.h>

#include <array>

#include "core/loop/loop.h"

namespace chirm {

struct Resolver::Request {
  uv_getaddrinfo_t uv;
  std::string host;
  OnResolved on_resolved;         // empty once nobody waits any more
  std::shared_ptr<Request> self;  // libuv's reference, while the work runs

  static void on_resolved_cb(uv_getaddrinfo_t* uv, int status, addrinfo* found) {
    const auto self = std::move(static_cast<Request*>(uv->data)->self);
    Expected<std::string, Error> result = address_of(self->host, status, found);
    uv_freeaddrinfo(found);
    if (self->on_resolved) std::exchange(self->on_resolved, nullptr)(std::move(result));
  }

  static Expected<std::string, Error> address_of(const std::string& host, int status,
                                                 const addrinfo* found) {
    std::array<char, NI_MAXHOST> text{};
    if (status == 0) {
      // "localhost" is often ::1 first, where servers rarely listen.
      const addrinfo* chosen = found;
      while (chosen != nullptr && chosen->ai_family != AF_INET) chosen = chosen->ai_next;
      if (chosen != nullptr) found = chosen;
      status = getnameinfo(found->ai_addr, found->ai_addrlen, text.data(), text.size(), nullptr, 0,
                           NI_NUMERICHOST);
      if (status == 0) return std::string(text.data());
      return Unexpected<Error>({"cannot resolve " + host + ": " + gai_strerror(status)});
    }
    return Unexpected<Error>({"cannot resolve " + host + ": " + uv_strerror(status)});
  }
};

Resolver::~Resolver() {
  if (request_) request_->on_resolved = nullptr;
}

void Resolver::resolve(const std::string& host, OnResolved on_resolved) {
  if (request_) request_->on_resolved = nullptr;
  request_ = std::make_shared<Request>();
  request_->host = host;
  request_->on_resolved = std::move(on_resolved);
  request_->self = request_;
  request_->uv.data = request_.get();
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  const int rc = uv_getaddrinfo(loop_.uv(), &request_->uv, &Request::on_resolved_cb, host.c_str(),
                                nullptr, &hints);
  if (rc != 0) {  // only out of memory
    request_->self.reset();
    request_->on_resolved(Unexpected<Error>({"cannot resolve " + host + ": " + uv_strerror(rc)}));
  }
}

}  // namespace chirm

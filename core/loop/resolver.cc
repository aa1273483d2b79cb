// SPDX-License-Identifier: MIT
#include "core/loop/resolver.h"

#include <netdb.h>
#include <uv.h>

#include <algorithm>
#include <array>

#include "core/loop/loop.h"

namespace chirm {

// getaddrinfo blocks, for seconds when a name server is away, so it runs on a thread of libuv's
// pool. It cannot be taken back there: whoever has lost interest is left out of the callback
// instead.
struct Resolver::Request {
  uv_getaddrinfo_t uv;
  std::string host;
  OnResolved on_resolved;         // empty once nobody waits any more
  std::shared_ptr<Request> self;  // libuv's reference, while the work runs

  static void on_resolved_cb(uv_getaddrinfo_t* uv, int status, addrinfo* found) {
    const auto self = std::move(static_cast<Request*>(uv->data)->self);
    auto result = addresses_of(self->host, status, found);
    uv_freeaddrinfo(found);
    if (self->on_resolved) std::exchange(self->on_resolved, nullptr)(std::move(result));
  }

  static Expected<std::vector<std::string>, Error> addresses_of(const std::string& host, int status,
                                                                const addrinfo* found) {
    if (status != 0) {
      return Unexpected<Error>({"cannot resolve " + host + ": " + uv_strerror(status)});
    }
    std::vector<std::string> addresses;
    for (const int family : {AF_INET, AF_INET6}) {
      for (const addrinfo* one = found; one != nullptr; one = one->ai_next) {
        std::array<char, NI_MAXHOST> text{};
        // A host may be listed twice, in /etc/hosts and by a name server.
        if (one->ai_family != family ||
            getnameinfo(one->ai_addr, one->ai_addrlen, text.data(), text.size(), nullptr, 0,
                        NI_NUMERICHOST) != 0 ||
            std::find(addresses.begin(), addresses.end(), text.data()) != addresses.end()) {
          continue;
        }
        addresses.emplace_back(text.data());
      }
    }
    if (addresses.empty()) return Unexpected<Error>({host + " has no IP address"});
    return addresses;
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
  hints.ai_socktype = SOCK_STREAM;  // or each address comes once for every type of socket
  const int rc = uv_getaddrinfo(loop_.uv(), &request_->uv, &Request::on_resolved_cb, host.c_str(),
                                nullptr, &hints);
  if (rc != 0) {  // only out of memory
    request_->self.reset();
    request_->on_resolved(Unexpected<Error>({"cannot resolve " + host + ": " + uv_strerror(rc)}));
  }
}

}  // namespace chirm

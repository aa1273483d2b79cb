// SPDX-License-Identifier: MIT
#pragma once
// Resolves host names on libuv's worker pool, so that a slow name server does not stop the loop.

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/base/error.h"

namespace chirm {

class Loop;

class Resolver {
 public:
  explicit Resolver(Loop& loop) : loop_(loop) {}
  ~Resolver();
  Resolver(const Resolver&) = delete;
  Resolver& operator=(const Resolver&) = delete;

  // The addresses of `host` as text, each once, at least one: IPv4 before IPv6, as "localhost" is
  // often ::1 first, where servers rarely listen. Calls back later, but for want of memory: then
  // from within resolve().
  // Not called any more once the resolver is destroyed; a new call replaces the one before it.
  using OnResolved = std::function<void(Expected<std::vector<std::string>, Error>)>;
  void resolve(const std::string& host, OnResolved on_resolved);

 private:
  struct Request;
  Loop& loop_;
  std::shared_ptr<Request> request_;
};

}  // namespace chirm

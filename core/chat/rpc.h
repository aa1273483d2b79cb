// SPDX-License-Identifier: MIT
#pragma once
// Methods that clients call by name: what the floors above core/chat add to the protocol.

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "core/accounts/user_role.h"
#include "core/base/check.h"
#include "core/base/string_hash.h"
#include "protocol/codes.h"
#include "protocol/expected.h"

namespace chirm {

class Session;

// An error of a method. The message is for people.
struct RpcError {
  RpcError(std::uint16_t its_code, std::string its_message, bool is_temporary = false)
      : code(its_code), message(std::move(its_message)), temporary(is_temporary) {}
  explicit RpcError(const ErrorCode& error)
      : RpcError(error.code, std::string(error.message), error.temporary) {}

  // Valid as long as this.
  ErrorCode view() const { return {code, message, temporary}; }

  std::uint16_t code;
  std::string message;
  bool temporary;
};

// Who calls. `session` points to null once the connection has gone.
struct RpcCaller {
  std::string user;
  std::string name;  // as it is shown
  UserRole role = UserRole::kUser;
  std::string client;
  std::shared_ptr<Session*> session;
};

// The result is one JSON value.
using RpcResult = Expected<std::string, RpcError>;
// Called once, within the method or later.
using RpcDone = std::function<void(RpcResult)>;

class RpcTable {
 public:
  // `data` is raw JSON, "" when absent, valid until the function returns.
  using Function = std::function<void(RpcCaller caller, std::string_view data, RpcDone done)>;
  // What is left of a call.
  enum class Effect : std::uint8_t {
    kNone,  // nothing that takes the place of something else
    kTold,  // a publication in a room
  };
  struct Method {
    Function call;
    std::uint32_t weight;  // how many calls it counts for where their rate is limited
    Effect effect;
  };

  void add(std::string_view name, Function call, std::uint32_t weight = 1,
           Effect effect = Effect::kNone) {
    const bool is_new = methods_.emplace(name, Method{std::move(call), weight, effect}).second;
    CHIRM_CHECK(is_new, name);
  }
  // Null when there is no such method.
  const Method* find(std::string_view name) const {
    const auto found = methods_.find(name);
    return found == methods_.end() ? nullptr : &found->second;
  }

 private:
  std::unordered_map<std::string, Method, StringHash, std::equal_to<>> methods_;
};

}  // namespace chirm

// SPDX-License-Identifier: MIT
#include "protocol/codes.h"

#include <gmock/gmock.h>

#include "protocol/json.h"

namespace chirm {
namespace {

TEST(Codes, ReconnectFollowsTheRangesOfTheProtocol) {
  for (const int code : {1000, 1001, 1006, 3000, 3499, 4000, 4499}) {
    EXPECT_TRUE(may_reconnect(static_cast<std::uint16_t>(code))) << code;
  }
  for (const int code : {1009, 3500, 3999, 4500, 4999}) {
    EXPECT_FALSE(may_reconnect(static_cast<std::uint16_t>(code))) << code;
  }
}

// The JavaScript SDK reads a reason that is JSON as an object, and ignores a code without reason.
TEST(Codes, DisconnectReasonsAreWordsThatAreNotJson) {
  using namespace disconnects;
  for (const Disconnect& it : {kNormal, kProtocolError, kInvalidPayload, kTooBig, kShutdown,
                               kInternal, kExpired, kSlow, kNoPong, kTooManyRequests, kInvalidToken,
                               kBadRequest, kStale, kChannelLimit, kNotAvailable}) {
    EXPECT_FALSE(it.reason.empty()) << it.code;
    EXPECT_LE(it.reason.size(), 123u) << it.code;
    EXPECT_FALSE(json::is_valid(it.reason)) << it.code;
  }
}

}  // namespace
}  // namespace chirm

// SPDX-License-Identifier: MIT
#pragma once
// A node with a client in a room, over a bus and a store that a test plays.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <numeric>
#include <string>
#include <vector>

#include "tests/support/chat_node.h"
#include "tests/support/fake_broker.h"

namespace chirm {

using testing::kRoom;

inline std::vector<std::uint64_t> offsets(std::uint64_t from, std::uint64_t to) {
  std::vector<std::uint64_t> all(to - from + 1);
  std::iota(all.begin(), all.end(), from);
  return all;
}

inline std::vector<std::string> pushes(std::uint64_t from, std::uint64_t to) {
  std::vector<std::string> lines;
  for (const std::uint64_t offset : offsets(from, to)) {
    lines.push_back(std::string(kRoom) + " " + std::to_string(offset) + " " +
                    std::to_string(offset));
  }
  return lines;
}

inline std::string subscribed(std::uint32_t id, std::uint64_t offset,
                              const std::string& flags = "") {
  const std::string how = flags == "recovered" ? R"("recovered":true,)" : "";
  const std::string was = flags.empty() ? "" : R"(,"was_recovering":true)";
  return std::to_string(id) + R"( subscribe {"recoverable":true,"epoch":"E",)" + how +
         R"("offset":)" + std::to_string(offset) + R"(,"positioned":true)" + was + "}";
}

class Repair : public ::testing::Test {
 protected:
  // Subscribes to kRoom whose log is at 10 of "e1".
  void SetUp() override {
    ada = &node.add_client("ada");
    ada->subscribe(kRoom);
    broker.answer_subscribe(Position{10, "e1"});
    node.settle();
    ASSERT_THAT(ada->take(), ::testing::ElementsAre(subscribed(2, 10)));
  }
  void deliver(std::uint64_t offset) { broker.deliver(kRoom, offset, "e1"); }
  std::vector<std::string> take() {
    node.settle();
    return ada->take();
  }
  testing::FakeClient& recovering_client(const testing::FakeClient::Recover& from) {
    testing::FakeClient& client = node.add_client("bob");
    client.recover(kRoom, from);
    node.settle();
    return client;
  }

  static ChatSettings settings() {
    ChatSettings quick = testing::ChatNode::open_settings();
    quick.subscribe_timeout_s = 1;
    return quick;
  }

  testing::FakeBroker broker;
  testing::ChatNode node{settings(), broker};
  testing::FakeClient* ada = nullptr;
};

}  // namespace chirm

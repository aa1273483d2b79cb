// SPDX-License-Identifier: MIT
#pragma once
// What the tests share in which Redis fails: a server that a test starts, kills and suspends.

#include <gtest/gtest.h>

#include <functional>
#include <string>

#include "tests/core/broker/redis/redis_fixture.h"

namespace chirm::testing {

// What a publish was answered, while others are on the way.
struct Answer {
  bool is_there = false;
  bool is_error = false;
  Position position;

  auto callback() {
    return [this](const Expected<Position, ErrorCode>& answer) {
      EXPECT_FALSE(is_there) << "answered twice";
      is_there = true;
      is_error = !answer.has_value();
      if (answer) position = *answer;
    };
  }
};

class RedisFailureTest : public RedisTest {
 protected:
  // Publishes "1" … "count", each with its number as message id, a few per turn. What is done with
  // Redis in the meantime is up to `disturb`, which is called before each lot of publishes.
  void publish_all(BrokerNode& node, int count, const std::function<void(int)>& disturb) {
    int sent = 0;
    int stored = 0;
    ASSERT_TRUE(node.run_until([&] {
      if (sent < count) disturb(sent);
      for (int i = 0; i < 20 && sent < count; ++i) {
        const std::string number = std::to_string(++sent);
        node.broker->publish({"room:a", number, "ada", number}, [&](const auto& position) {
          EXPECT_TRUE(position.has_value());
          ++stored;
        });
      }
      return stored == count;
    }));
  }
  static std::string numbers(int count) {
    std::string text;
    for (int i = 1; i <= count; ++i) text += (i == 1 ? "" : " ") + std::to_string(i);
    return text;
  }

  RedisServer server_{{.configuration = {},
                       .arguments = {"--appendonly", "yes", "--appendfsync", "always"},
                       .has_tcp = true,
                       .is_started = false}};
};

}  // namespace chirm::testing

// SPDX-License-Identifier: MIT
#include "core/server/listener.h"

#include <gtest/gtest.h>

#include <memory>
#include <vector>

#include "core/loop/loop.h"
#include "tests/support/loop_runner.h"

namespace chirm {
namespace {

using testing::run_until;

class ListenerTest : public ::testing::Test {
 protected:
  void listen() {
    auto socket = listen_tcp("127.0.0.1", 0);
    ASSERT_TRUE(socket.has_value());
    listener = std::make_unique<Listener>(
        loop, std::move(*socket),
        [this](Socket one) {
          accepted.push_back(std::move(one));
          return accepted.size() < limit;
        },
        [](const char* why) { ADD_FAILURE() << why; });
  }
  void connect(int count) {
    for (int i = 0; i < count; ++i) {
      auto socket = connect_tcp("127.0.0.1", listener->port(), "");
      ASSERT_TRUE(socket.has_value());
      connecting.push_back(std::move(*socket));
    }
  }
  void run_ms(std::uint64_t ms) {
    const std::uint64_t end_ms = loop.now_ms() + ms;
    EXPECT_TRUE(run_until(loop, [&] { return loop.now_ms() >= end_ms; }));
  }

  Loop loop;
  std::size_t limit = SIZE_MAX;
  std::vector<Socket> accepted;
  std::vector<Socket> connecting;
  std::unique_ptr<Listener> listener;
};

TEST_F(ListenerTest, AcceptsALimitedNumberAtATime) {
  listen();
  connect(200);
  std::size_t most = 0;
  std::size_t before = 0;
  const auto hook = loop.add_turn_end_hook([&] {
    most = std::max(most, accepted.size() - before);
    before = accepted.size();
    return Loop::TurnEnd::kDone;
  });
  EXPECT_TRUE(run_until(loop, [&] { return accepted.size() == 200; }));
  EXPECT_LE(most, 64U);
}

TEST_F(ListenerTest, LeavesConnectionsInTheQueueWhilePaused) {
  limit = 3;
  listen();
  connect(10);
  EXPECT_TRUE(run_until(loop, [&] { return accepted.size() == 3; }));
  run_ms(250);
  EXPECT_EQ(accepted.size(), 3U);
  EXPECT_TRUE(listener->is_paused());
  limit = 100;
  listener->resume();
  EXPECT_TRUE(run_until(loop, [&] { return accepted.size() == 10; }));
  EXPECT_FALSE(listener->is_paused());
}

TEST_F(ListenerTest, StopsListeningWhenItGoes) {
  listen();
  const std::uint16_t port = listener->port();
  listener.reset();
  const auto again = listen_tcp("127.0.0.1", port);
  EXPECT_TRUE(again.has_value());
}

}  // namespace
}  // namespace chirm

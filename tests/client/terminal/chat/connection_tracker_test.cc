// SPDX-License-Identifier: MIT
#include "client/terminal/chat/connection_tracker.h"

#include <gtest/gtest.h>

namespace chirm::terminal {
namespace {

TEST(ConnectionTracker, CountsDownToTheNextAttempt) {
  ConnectionTracker connection("chat:8080");
  EXPECT_EQ(connection.status(0).text, "connecting to chat:8080 …");
  connection.note_lost("refused\x1b[31m", 5000);
  EXPECT_EQ(connection.status(1000).text, "reconnecting in 4 s (refused)");
  EXPECT_EQ(connection.status(4001).text, "reconnecting in 1 s (refused)");
  EXPECT_EQ(connection.status(5000).text, "reconnecting … (refused)");
  EXPECT_EQ(connection.status(5000).state, ConnectionStatus::State::kLost);
}

TEST(ConnectionTracker, SaysForAWhileThatItHasCaughtUp) {
  ConnectionTracker connection("chat:8080");
  connection.note_connected();
  EXPECT_EQ(connection.status(0).text, "catching up …");
  EXPECT_FALSE(connection.was_connected());
  connection.note_caught_up(100);
  EXPECT_EQ(connection.status(100).text, "connected");  // there was nothing to catch up with
  EXPECT_TRUE(connection.was_connected());
  connection.note_lost("gone", 200);
  connection.note_connected();
  connection.note_caught_up(300);
  EXPECT_EQ(connection.status(3299).text, "caught up");
  EXPECT_EQ(connection.status(3300).text, "connected");
  EXPECT_TRUE(connection.is_connected());
}

}  // namespace
}  // namespace chirm::terminal

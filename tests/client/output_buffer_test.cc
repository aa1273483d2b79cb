// SPDX-License-Identifier: MIT
#include "client/output_buffer.h"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <array>
#include <string>

#include "client/socket_stream.h"
#include "core/base/random.h"
#include "core/loop/socket.h"

namespace chirm::client {
namespace {

class OutputBufferTest : public ::testing::Test {
 protected:
  OutputBufferTest() {
    std::array<int, 2> ends{};
    EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends.data()), 0);
    ours_.reset(ends[0]);
    theirs_.reset(ends[1]);
  }
  // Reads at most `count` bytes of what was written.
  void read(std::size_t count) {
    std::string bytes(count, '\0');
    const ssize_t size = recv(theirs_.fd(), bytes.data(), bytes.size(), 0);
    if (size > 0) received_ += bytes.substr(0, static_cast<std::size_t>(size));
  }

  Socket ours_;
  Socket theirs_;
  OutputBuffer output_;
  SocketStream stream_;
  std::string received_;
};

TEST_F(OutputBufferTest, WritesAllInOrderHoweverLittleIsTaken) {
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Random random(seed);
    std::string sent;
    received_.clear();
    for (int i = 0; i < 60; ++i) {
      const std::string more = random.name(random.between(0, 40'000));
      sent += more;
      output_.bytes() += more;
      output_.write_to(stream_, ours_.fd());
      output_.check();
      read(random.between(0, 60'000));
      EXPECT_LE(received_.size() + output_.waiting(), sent.size());
    }
    for (int i = 0; received_.size() < sent.size() && i < 1000; ++i) {
      output_.write_to(stream_, ours_.fd());
      output_.check();
      read(1'000'000);
    }
    EXPECT_EQ(received_, sent);
    EXPECT_EQ(output_.waiting(), 0);
    EXPECT_FALSE(output_.is_broken());
  }
}

TEST_F(OutputBufferTest, KeepsNothingForWhoIsGone) {
  theirs_.reset();
  output_.bytes() = "hello";
  output_.write_to(stream_, ours_.fd());
  EXPECT_TRUE(output_.is_broken());
  EXPECT_EQ(output_.waiting(), 0);
  output_.bytes() += "more";
  output_.write_to(stream_, ours_.fd());
  EXPECT_EQ(output_.waiting(), 0);
  output_.clear();
  EXPECT_FALSE(output_.is_broken());
}

}  // namespace
}  // namespace chirm::client

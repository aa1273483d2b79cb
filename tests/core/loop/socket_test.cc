// SPDX-License-Identifier: MIT
#include "core/loop/socket.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <cerrno>
#include <utility>

namespace chirm {
namespace {

bool is_open(int fd) { return fcntl(fd, F_GETFD) >= 0; }

TEST(Socket, ClosesItsDescriptorOnce) {
  Socket socket(::socket(AF_INET, SOCK_STREAM, 0));
  const int fd = socket.fd();
  Socket owner(std::move(socket));
  EXPECT_TRUE(is_open(fd));
  EXPECT_EQ(owner.fd(), fd);
  owner = Socket();
  EXPECT_FALSE(is_open(fd));
}

TEST(Socket, SurvivesAMoveToItself) {
  Socket socket(::socket(AF_INET, SOCK_STREAM, 0));
  Socket& same = socket;
  socket = std::move(same);
  EXPECT_TRUE(socket.is_open());
  EXPECT_TRUE(is_open(socket.fd()));
}

TEST(ListenTcp, ChoosesAFreePortThatAClientCanConnectTo) {
  for (const char* address : {"127.0.0.1", "::1"}) {
    const auto listener = listen_tcp(address, 0);
    ASSERT_TRUE(listener.has_value()) << listener.error().message;
    EXPECT_NE(local_port(*listener), 0);
    EXPECT_NE(fcntl(listener->fd(), F_GETFL) & O_NONBLOCK, 0);
    EXPECT_NE(fcntl(listener->fd(), F_GETFD) & FD_CLOEXEC, 0);
    EXPECT_TRUE(connect_tcp(address, local_port(*listener), "").has_value());
  }
}

TEST(ListenTcp, SaysWhereAndWhyItCannotListen) {
  const auto taken = listen_tcp("127.0.0.1", 0);
  ASSERT_TRUE(taken.has_value());
  const std::uint16_t port = local_port(*taken);
  const auto refused = listen_tcp("127.0.0.1", port);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().message,
            "cannot listen on 127.0.0.1:" + std::to_string(port) + ": Address already in use");
}

TEST(ListenTcp, TakesNumericAddressesOnly) {
  const auto refused = listen_tcp("localhost", 0);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().message, "'localhost' is not an IPv4 or IPv6 address");
}

TEST(ConnectTcp, BindsToALocalAddress) {
  const auto listener = listen_tcp("127.0.0.1", 0);
  ASSERT_TRUE(listener.has_value());
  EXPECT_TRUE(connect_tcp("127.0.0.1", local_port(*listener), "127.0.0.2").has_value());
  const auto refused = connect_tcp("127.0.0.1", local_port(*listener), "192.0.2.1");
  ASSERT_FALSE(refused.has_value());
  EXPECT_TRUE(refused.error().message.starts_with("cannot bind to 192.0.2.1: "));
}

}  // namespace
}  // namespace chirm

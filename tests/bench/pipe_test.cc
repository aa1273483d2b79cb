// SPDX-License-Identifier: MIT
#include "bench/load/pipe.h"

#include <fcntl.h>
#include <gmock/gmock.h>

#include <thread>

namespace chirm::load {
namespace {

TEST(Pipe, CarriesMessagesInOrder) {
  auto [mine, theirs] = Pipe::make();
  mine.send(1, "one");
  mine.send(2, "");
  ASSERT_TRUE(theirs.receive());
  const auto first = theirs.next();
  const auto second = theirs.next();
  ASSERT_TRUE(first && second);
  EXPECT_EQ(first->kind, 1U);
  EXPECT_EQ(first->body, "one");
  EXPECT_EQ(second->kind, 2U);
  EXPECT_EQ(second->body, "");
  EXPECT_FALSE(theirs.next());
}

// A loop that watches a pipe makes it non-blocking.
TEST(Pipe, SendsMoreThanTheKernelHoldsAlsoWhenNonBlocking) {
  auto [mine, theirs] = Pipe::make();
  ASSERT_EQ(fcntl(mine.fd(), F_SETFL, O_NONBLOCK), 0);
  const std::string body(5'000'000, 'x');
  std::thread sender([&sending = mine, &body] { sending.send(7, body); });
  std::optional<PipeMessage> message;
  while (!message && theirs.receive()) message = theirs.next();
  sender.join();
  ASSERT_TRUE(message);
  EXPECT_EQ(message->body, body);
}

TEST(Pipe, TellsWhenTheOtherEndIsGone) {
  auto [mine, theirs] = Pipe::make();
  { const Pipe closed = std::move(mine); }
  EXPECT_FALSE(theirs.receive());
  theirs.send(1, "nobody reads this");
}

TEST(Packer, GivesBackWhatWasPacked) {
  Packer packer;
  const std::vector<std::uint64_t> numbers{1, 2, 3};
  packer.add(std::uint32_t{5});
  packer.add_all(std::span(numbers));
  Unpacker unpacker(packer.bytes());
  EXPECT_EQ(unpacker.take<std::uint32_t>(), 5U);
  EXPECT_EQ(unpacker.take_all<std::uint64_t>(), numbers);
}

}  // namespace
}  // namespace chirm::load

// SPDX-License-Identifier: MIT
// Notices of rewrites and reads of the log come over two connections, in any order.

#include "core/broker/redis/kept/redis_rewrites.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <vector>

namespace chirm {
namespace {

using Seen = RedisRewrites::Seen;

class RewritesOfAChannel : public ::testing::Test {
 protected:
  Seen hear(std::uint64_t number, const std::string& epoch = "epoch") {
    const std::string body = "body " + std::to_string(number);
    const Seen seen = rewrites_.note({10 + number, number, epoch, body});
    rewrites_.check();
    return seen;
  }
  Seen read(std::uint64_t count, const std::string& epoch = "epoch") {
    const Seen seen = rewrites_.note(epoch, count);
    rewrites_.check();
    return seen;
  }
  // "2 3": those that can be put back.
  std::string kept() const {
    std::string text;
    for (const auto& one : rewrites_.newest()) {
      text += (text.empty() ? "" : " ") + std::to_string(one.number);
    }
    return text;
  }

  RedisKeptMemory memory_{std::size_t{1} << 20};
  RedisRewrites rewrites_{memory_};
};

TEST_F(RewritesOfAChannel, AreKeptAsTheyAreTold) {
  EXPECT_EQ(read(0), Seen::kNothingNew);
  EXPECT_EQ(hear(1), Seen::kNext);
  EXPECT_EQ(hear(2), Seen::kNext);
  EXPECT_EQ(read(2), Seen::kNothingNew);
  EXPECT_EQ(kept(), "1 2");
  EXPECT_EQ(rewrites_.newest()[0].body, "body 1");
}

TEST_F(RewritesOfAChannel, AreKeptThoughAReadWasFaster) {
  EXPECT_EQ(read(0), Seen::kNothingNew);
  EXPECT_EQ(hear(1), Seen::kNext);
  EXPECT_EQ(read(3), Seen::kSome);
  EXPECT_EQ(kept(), "") << "where 2 and 3 were is not known yet";
  EXPECT_TRUE(rewrites_.is_rewritten(11));
  EXPECT_EQ(hear(2), Seen::kNothingNew);
  EXPECT_EQ(hear(3), Seen::kNothingNew);
  EXPECT_EQ(kept(), "1 2 3");
  EXPECT_EQ(hear(4), Seen::kNext);
  EXPECT_EQ(kept(), "1 2 3 4");
}

TEST_F(RewritesOfAChannel, AreKeptThatCameWhileThePositionWasRead) {
  EXPECT_EQ(read(5), Seen::kNothingNew);
  EXPECT_EQ(hear(4), Seen::kNothingNew);
  EXPECT_EQ(kept(), "");
  EXPECT_EQ(hear(5), Seen::kNothingNew);
  EXPECT_EQ(kept(), "4 5");
}

TEST_F(RewritesOfAChannel, AreKeptFromTheNextOneOnWhenNoticesWereLost) {
  EXPECT_EQ(read(0), Seen::kNothingNew);
  EXPECT_EQ(hear(1), Seen::kNext);
  EXPECT_EQ(read(3), Seen::kSome);
  EXPECT_EQ(hear(4), Seen::kNext) << "2 and 3 were told by the read";
  EXPECT_EQ(kept(), "4");
  EXPECT_EQ(hear(6), Seen::kSome);
  EXPECT_EQ(kept(), "6");
}

TEST_F(RewritesOfAChannel, AreKnownByWhatIsRead) {
  EXPECT_EQ(read(5), Seen::kNothingNew);
  rewrites_.note_unnumbered({3, 9, 3, 0});
  EXPECT_EQ(hear(6), Seen::kNext);
  rewrites_.note_unnumbered({16, 4});
  rewrites_.check();
  EXPECT_EQ(rewrites_.unnumbered(), (std::vector<std::uint64_t>{3, 4, 9}));
  EXPECT_EQ(read(8), Seen::kSome);  // notices of 7 and 8 are on the way
  EXPECT_EQ(rewrites_.unnumbered(), (std::vector<std::uint64_t>{3, 4, 9, 16}));
}

TEST_F(RewritesOfAChannel, AreForgottenWithTheirEpochAndWhenTheStoreHasLostSome) {
  EXPECT_EQ(read(0), Seen::kNothingNew);
  EXPECT_EQ(hear(1), Seen::kNext);
  EXPECT_EQ(hear(2), Seen::kNext);
  EXPECT_EQ(read(1), Seen::kSome);
  EXPECT_EQ(kept(), "");
  EXPECT_EQ(hear(2), Seen::kNext);
  EXPECT_EQ(hear(1, "other"), Seen::kSome);
  EXPECT_EQ(kept(), "1");
  EXPECT_EQ(read(0, "third"), Seen::kSome);
  EXPECT_EQ(kept(), "");
  EXPECT_TRUE(rewrites_.is_rewritten(11));  // that stays known
}

}  // namespace
}  // namespace chirm

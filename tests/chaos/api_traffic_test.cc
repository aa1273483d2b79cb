// SPDX-License-Identifier: MIT
#include "tests/chaos/api_traffic.h"

#include <gmock/gmock.h>

namespace chirm::chaos {
namespace {

using ::testing::ElementsAre;

std::vector<std::string> compared(const std::string& publications) {
  ApiPublications published;
  for (const char* key : {"a", "b", "c"}) published[key].offset = 1;
  std::vector<std::string> lines;
  for (const Violation& found :
       compare_history(published, R"({"result":{"publications":[)" + publications + "]}}")) {
    lines.push_back(found.kind + " " + found.line);
  }
  return lines;
}

std::string stored(const std::string& key) {
  return R"({"offset":1,"data":{"type":"x-chaos","key":")" + key + R"("}})";
}

TEST(ApiTraffic, FindsWhatIsInTheHistoryNotOnce) {
  const std::string other = R"({"offset":9,"data":{"type":"message"}},)";
  EXPECT_THAT(compared(other + stored("a") + "," + stored("c") + "," + stored("b")), ElementsAre());
  EXPECT_THAT(compared(stored("a") + "," + stored("c") + "," + stored("c")),
              ElementsAre("api_lost b", "api_stored_twice c"));
  EXPECT_EQ(compare_history({{"a", {}}}, "no answer").size(), 1);
}

// Ones of which the answer was never seen may be there.
TEST(ApiTraffic, DoesNotCareForWhatWasNotAcked) {
  EXPECT_THAT(compared(stored("a") + "," + stored("b") + "," + stored("c") + "," + stored("d")),
              ElementsAre());
}

}  // namespace
}  // namespace chirm::chaos

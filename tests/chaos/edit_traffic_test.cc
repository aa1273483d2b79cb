// SPDX-License-Identifier: MIT
#include "tests/chaos/edit_traffic.h"

#include <gmock/gmock.h>

namespace chirm::chaos {
namespace {

TEST(EditTraffic, FindsWhatAHistoryGivesOutOfTheTimeBeforeAChange) {
  SaidMessages said;
  said["a"].text = said["b"].text = said["d"].text = "new";
  said["d"].is_certain = false;
  said["e"].text = "not there";
  const auto found = compare_edits(said, R"({"result":{"publications":[
      {"offset":1,"data":{"id":"a","type":"message","text":"new"}},
      {"offset":2,"data":{"id":"b","type":"message","text":"old"}},
      {"offset":3,"data":{"id":"c","type":"message","text":"not ours"}},
      {"offset":4,"data":{"id":"d","type":"message","text":"old"}}]}})");
  ASSERT_EQ(found.size(), 1);
  EXPECT_EQ(found[0].line, R"(b says "old", not "new")");
  said = {};
  said["deleted"] = {};
  EXPECT_EQ(compare_edits(said, R"({"result":{"publications":[
      {"offset":1,"data":{"id":"deleted","type":"message","text":"old"}}]}})")
                .size(),
            1);
  EXPECT_TRUE(compare_edits(said, R"({"result":{"publications":[
      {"offset":1,"data":{"id":"deleted","type":"deleted","by":"editor"}}]}})")
                  .empty());
}

}  // namespace
}  // namespace chirm::chaos

// SPDX-License-Identifier: MIT
#include "core/server/admin/node_survey.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>

#include "core/loop/loop.h"
#include "tests/support/fake_node_bus.h"
#include "tests/support/loop_runner.h"

namespace chirm {
namespace {

using ::testing::ElementsAre;
using testing::FakeNodeBus;
using ::testing::IsEmpty;

class NodeSurveyTest : public ::testing::Test {
 protected:
  NodeSurveyTest() {
    bus.live = {"node-1", "node-2", "node-3"};
    survey.ask("who", R"({"n":1})", [this](NodeSurvey::Result told) { result = std::move(told); });
  }
  void answer(const std::string& node, const std::string& message) {
    bus.listeners["survey"]->on_node_message(node, message);
  }
  std::vector<std::string> answers() const {
    std::vector<std::string> all;
    for (const auto& one : result->answers) all.push_back(one.node + one.json);
    return all;
  }

  Loop loop;
  const std::uint64_t asked_ms = loop.now_ms();
  FakeNodeBus bus;
  NodeSurvey survey{loop, bus};
  std::optional<NodeSurvey::Result> result;
};

TEST_F(NodeSurveyTest, IsCompleteWhenAllHaveSaidTheirLast) {
  ASSERT_EQ(bus.sent.size(), 1U);
  EXPECT_EQ(bus.sent[0].message, R"({"id":1,"ask":"who","params":{"n":1}})");
  answer("node-1", R"({"id":1,"answer":{"a":1}})");
  answer("node-1", R"({"id":1,"answer":{"a":2},"last":true})");
  answer("node-2", R"({"id":1,"last":true})");
  EXPECT_FALSE(result);
  answer("node-3", R"({"id":1,"answer":{"c":1},"last":true})");
  ASSERT_TRUE(result);
  EXPECT_TRUE(result->is_complete);
  EXPECT_THAT(answers(), ElementsAre(R"(node-1{"a":1})", R"(node-1{"a":2})", R"(node-3{"c":1})"));
}

TEST_F(NodeSurveyTest, DoesNotWaitForANodeThatHasGone) {
  answer("node-1", R"({"id":1,"last":true})");
  answer("node-2", R"({"id":1,"last":true})");
  bus.listeners["survey"]->on_node_gone("node-3");
  ASSERT_TRUE(result);
  EXPECT_TRUE(result->is_complete);
}

TEST_F(NodeSurveyTest, SaysWhenANodeIsSilentForTwoSeconds) {
  answer("node-1", R"({"id":1,"answer":{"a":1},"last":true})");
  ASSERT_TRUE(testing::pass_until(loop, [&] { return result.has_value(); }));
  EXPECT_GE(loop.now_ms(), asked_ms + 2'000);
  EXPECT_FALSE(result->is_complete);
  EXPECT_THAT(answers(), ElementsAre(R"(node-1{"a":1})"));
  answer("node-2", R"({"id":1,"answer":{"late":1},"last":true})");
  EXPECT_THAT(answers(), ElementsAre(R"(node-1{"a":1})"));
}

TEST_F(NodeSurveyTest, SaysAtOnceWhenNobodyCanBeAsked) {
  bus.is_up = false;
  result.reset();
  survey.ask("who", "{}", [this](NodeSurvey::Result told) { result = std::move(told); });
  EXPECT_FALSE(result);
  // In a few turns of the loop: nobody waits for the deadline.
  int turns = 0;
  ASSERT_TRUE(testing::run_until(loop, [&] { return ++turns > 3 || result.has_value(); }));
  ASSERT_TRUE(result.has_value());
  EXPECT_FALSE(result->is_complete);
}

TEST_F(NodeSurveyTest, IgnoresWhatIsNoAnswer) {
  for (const char* message : {"", "x", "[]", R"({"id":7,"last":true})", R"({"id":1,"ask":"what"})",
                              R"({"id":"1","last":true})", R"({"last":true})"}) {
    answer("node-1", message);
    answer("node-2", message);
    answer("node-3", message);
  }
  answer("node-9", R"({"id":1,"answer":{"spy":1},"last":true})");
  EXPECT_FALSE(result);
  EXPECT_EQ(bus.sent.size(), 1U);
}

TEST_F(NodeSurveyTest, AnswersWhoAsks) {
  bus.sent.clear();
  survey.add_question("list", [](std::string_view params) {
    return std::vector<std::string>{std::string(params), "{}"};
  });
  survey.add_question("none", [](std::string_view) { return std::vector<std::string>(); });
  answer("node-2", R"({"id":5,"ask":"list","params":{"x":1}})");
  answer("node-2", R"({"id":6,"ask":"none","params":{}})");
  std::vector<std::string> sent;
  for (const auto& one : bus.sent) sent.push_back(one.node + one.message);
  EXPECT_THAT(sent, ElementsAre(R"(node-2{"id":5,"answer":{"x":1}})",
                                R"(node-2{"id":5,"answer":{},"last":true})",
                                R"(node-2{"id":6,"last":true})"));
}

}  // namespace
}  // namespace chirm

// SPDX-License-Identifier: MIT
// What a node answers and whom it takes, by how well its broker is.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/server/readiness.h"
#include "core/server/server.h"
#include "tests/support/fake_broker.h"
#include "tests/support/loop_runner.h"
#include "tests/support/raw_client.h"
#include "tests/support/server_node.h"

namespace chirm {
namespace {

using testing::FakeBroker;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::RawClient;

class Readiness : public ::testing::Test {
 protected:
  Readiness() {
    const auto listening = server_.listen();
    EXPECT_TRUE(listening.has_value());
  }

  std::string get(const std::string& path) { return testing::get(server_, path); }
  int status_of_upgrade() {
    RawClient client(loop_, server_.port());
    client.send_upgrade();
    EXPECT_TRUE(
        testing::run_until(loop_, [&] { return client.is_upgraded() || client.status() != 0; }));
    return client.is_upgraded() ? 101 : client.status();
  }

  Loop loop_;
  FakeBroker broker_;
  Server server_{loop_, broker_, testing::ServerNode::server_settings(),
                 testing::ServerNode::chat_settings()};
};

TEST_F(Readiness, IsGivenWhileTheStoreIsReady) {
  EXPECT_THAT(get("/readyz"), HasSubstr(" 200 "));
  EXPECT_THAT(get("/metrics"), HasSubstr("chirm_broker_ready{store=\"fake\"} 1\n"));
  EXPECT_EQ(status_of_upgrade(), 101);
}

TEST_F(Readiness, IsNotGivenWhileTheStoreIsDegradedButClientsAreTaken) {
  broker_.store.health = Health::kDegraded;
  broker_.store.problem = "the disk is full";
  broker_.store.since_unix_ms = loop_.unix_ms();
  EXPECT_THAT(get("/readyz"), HasSubstr(" 503 "));
  EXPECT_THAT(get("/readyz"), HasSubstr("degraded: fake: the disk is full, since 20"));
  EXPECT_THAT(get("/healthz"), HasSubstr(" 200 "));
  EXPECT_THAT(get("/metrics"), HasSubstr("chirm_broker_ready{store=\"fake\"} 0\n"));
  EXPECT_THAT(get("/metrics"), HasSubstr("chirm_broker_away{store=\"fake\"} 0\n"));
  EXPECT_EQ(status_of_upgrade(), 101);
}

TEST_F(Readiness, SendsClientsElsewhereWhileTheStoreIsAway) {
  broker_.store.health = Health::kAway;
  EXPECT_THAT(get("/readyz"), HasSubstr(" 503 "));
  EXPECT_THAT(get("/healthz"), HasSubstr(" 200 "));
  EXPECT_THAT(get("/metrics"), HasSubstr("chirm_broker_away{store=\"fake\"} 1\n"));
  EXPECT_EQ(status_of_upgrade(), 503);
}

TEST_F(Readiness, ShowsTheProbesFigures) {
  EXPECT_THAT(get("/metrics"), Not(HasSubstr("chirm_broker_probe_age_seconds{")));
  broker_.store.probe = ProbeFigures{.age_ms = 1500, .round_trip_us = 250};
  EXPECT_THAT(get("/metrics"), HasSubstr("chirm_broker_probe_age_seconds{store=\"fake\"} 1.5\n"));
  EXPECT_THAT(get("/metrics"),
              HasSubstr("chirm_broker_probe_round_trip_seconds{store=\"fake\"} 0.00025\n"));
}

TEST(ProblemsText, NamesEachStoreWithAProblemAndSinceWhen) {
  const std::vector<StoreHealth> stores = {
      {.name = "one"},
      {.name = "two",
       .health = Health::kAway,
       .problem = "gone",
       .since_unix_ms = 1'700'000'000'000},
      {.name = "three", .health = Health::kDegraded, .problem = "full", .since_unix_ms = 0}};
  EXPECT_EQ(problems_text(stores, 1'700'000'012'345),
            "away: two: gone, since 2023-11-14T22:13:20Z (12 s)\n"
            "degraded: three: full, since 1970-01-01T00:00:00Z (1700000012 s)\n");
  EXPECT_EQ(problems_text({stores[1]}, 0), "away: two: gone, since 2023-11-14T22:13:20Z (0 s)\n");
}

}  // namespace
}  // namespace chirm

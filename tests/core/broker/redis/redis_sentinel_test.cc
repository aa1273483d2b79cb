// SPDX-License-Identifier: MIT
// A master that is found through Sentinels and followed when it changes.

#include "tests/core/broker/redis/redis_fixture.h"
#include "tests/support/reserved_port.h"
#include "tests/support/sentinel_server.h"

namespace chirm {
namespace {

using testing::BrokerNode;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::RedisServer;
using testing::SentinelServer;

std::string numbers(int count) {
  std::string text;
  for (int i = 1; i <= count; ++i) text += (i == 1 ? "" : " ") + std::to_string(i);
  return text;
}

class RedisSentinels : public testing::RedisTest {
 protected:
  RedisSentinels() {
    // On a busy machine a failover may take longer, and more be published meanwhile.
    settings_.history_size = 100'000;
    replica_ = std::make_unique<RedisServer>(RedisServer::Options{
        .configuration = {},
        .arguments = {"--replicaof", "127.0.0.1", std::to_string(master_.port()),
                      "--repl-diskless-sync-delay", "0"},
        .has_tcp = true,
        .is_started = true});
  }

  ~RedisSentinels() override {
    if (!HasFailure()) return;
    for (const auto& one : sentinels_) std::fprintf(stderr, "sentinel:\n%s", one->log().c_str());
  }

  void start_sentinels(int count, const std::vector<std::string>& settings = {}) {
    for (int i = 0; i < count; ++i) {
      sentinels_.push_back(std::make_unique<SentinelServer>(
          loop_,
          SentinelServer::Options{
              .master_port = master_.port(), .quorum = 1 + count / 2, .settings = settings}));
    }
  }
  // They know the replica and each other, and the replica follows: a failover can be done.
  bool wait_until_guarded() {
    return testing::run_until(loop_, [&] {
      for (const auto& sentinel : sentinels_) {
        if (!sentinel->command({"SENTINEL", "CKQUORUM", "main"}).starts_with("OK " + count()) ||
            sentinel->command({"SENTINEL", "REPLICAS", "main"}).find("master-link-status ok") ==
                std::string::npos) {
          return false;
        }
      }
      return true;
    });
  }
  std::string count() const { return std::to_string(sentinels_.size()); }

  std::string url(const std::string& query = "") const {
    std::string places;
    for (const auto& sentinel : sentinels_) {
      places += (places.empty() ? "" : ",") + sentinel->place();
    }
    return "redis+sentinel://" + places + "/main" + query;
  }

  // Sentinels have made the old master a replica of the new one. They close its connections then.
  bool is_demoted() const {
    return sentinels_[0]->command({"SENTINEL", "REPLICAS", "main"}).find("master-link-status ok") !=
           std::string::npos;
  }

  // Publishes number `number` of room:a with an id, and counts its answer.
  void publish(BrokerNode& node, int number) {
    const std::string text = std::to_string(number);
    node.broker->publish({"room:a", text, "ada", text}, [&](const auto& position) {
      EXPECT_TRUE(position.has_value());
      ++stored_;
    });
  }
  bool publish_until_ready(BrokerNode& node) {
    return node.run_until([&] {
      if (sent_ - stored_ < 500) publish(node, ++sent_);
      return node.broker->health() == Health::kReady;
    });
  }
  // It has been said that something may be missing, and what comes now arrives.
  void expect_delivery(BrokerNode& node) {
    EXPECT_THAT(node.maybe_missed, ::testing::Contains("room:a"));
    publish(node, ++sent_);
    ASSERT_TRUE(node.run_until([&] {
      return !node.received.empty() && node.received.back().body == std::to_string(sent_);
    }));
  }
  bool run_until_all_stored(BrokerNode& node) {
    return node.run_until([&] { return stored_ == sent_; });
  }

  RedisServer master_{{.configuration = {}, .arguments = {}, .has_tcp = true, .is_started = true}};
  std::unique_ptr<RedisServer> replica_;
  std::vector<std::unique_ptr<SentinelServer>> sentinels_;
  int sent_ = 0;
  int stored_ = 0;
};

TEST_F(RedisSentinels, FollowTheMasterWhenItIsKilledAndNeverUseTheOldOneAgain) {
  start_sentinels(3);
  const auto node = make_node(url(), "node");
  ASSERT_TRUE(node->run_until_ready());
  ASSERT_TRUE(node->subscribe("room:a"));
  ASSERT_TRUE(wait_until_guarded());
  for (int i = 0; i < 100; ++i) publish(*node, ++sent_);
  ASSERT_TRUE(run_until_all_stored(*node));
  // What was acked is on the replica: what a failover loses is another matter.
  ASSERT_TRUE(node->run_until([&] {
    return replica_->command({"XLEN", "chirm:{room:a}:s"}) == std::to_string(sent_);
  }));

  master_.kill();
  ASSERT_TRUE(node->run_until([&] { return node->broker->health() != Health::kReady; }));
  ASSERT_TRUE(publish_until_ready(*node));  // held meanwhile
  ASSERT_TRUE(run_until_all_stored(*node));
  EXPECT_EQ(bodies(*node, "room:a"), numbers(sent_));
  EXPECT_THAT(replica_->command({"ROLE"}), HasSubstr("master"));
  EXPECT_EQ(times_logged("node commands connected to main at 127.0.0.1:" +
                         std::to_string(replica_->port())),
            1U);

  // The old one comes back as a master, until Sentinels tell it otherwise: after 10 to 20 s.
  master_.start();
  const auto publish_until_demoted = [&] {
    if (stored_ == sent_) publish(*node, ++sent_);
    return is_demoted();
  };
  ASSERT_TRUE(node->run_until(publish_until_demoted, 60'000));
  ASSERT_TRUE(run_until_all_stored(*node));
  EXPECT_THAT(master_.command({"CLIENT", "LIST"}), Not(HasSubstr("name=node")));
  EXPECT_EQ(bodies(*node, "room:a"), numbers(sent_));
  expect_delivery(*node);
}

TEST_F(RedisSentinels, FollowAFailoverThatAnOperatorAskedFor) {
  start_sentinels(1);
  const auto node = make_node(url(), "node");
  ASSERT_TRUE(node->run_until_ready());
  ASSERT_TRUE(node->subscribe("room:a"));
  ASSERT_TRUE(wait_until_guarded());
  bool is_asked = false;
  ASSERT_TRUE(node->run_until([&] {
    // Nobody publishes meanwhile: those writes would be the old master's alone.
    if (!std::exchange(is_asked, true)) {
      EXPECT_EQ(sentinels_[0]->command({"SENTINEL", "FAILOVER", "main"}), "OK");
    }
    return times_logged("node pubsub connected to main at 127.0.0.1:" +
                        std::to_string(replica_->port())) == 1;
  }));
  ASSERT_TRUE(publish_until_ready(*node));
  ASSERT_TRUE(run_until_all_stored(*node));
  EXPECT_EQ(bodies(*node, "room:a"), numbers(sent_));
  EXPECT_THAT(master_.command({"CLIENT", "LIST"}), Not(HasSubstr("name=node")));
  expect_delivery(*node);
}

// Whatever is acked until the replica is promoted must have reached it, and nothing may be given to
// the old master in the second after that, in which Sentinels still name it. The one that begins is
// not the one that is asked where the master is.
TEST_F(RedisSentinels, LoseNothingThatWasAckedInAFailoverThatAnOperatorAskedFor) {
  start_sentinels(3);
  const auto node = make_node(url(), "node");
  ASSERT_TRUE(node->run_until_ready());
  ASSERT_TRUE(node->subscribe("room:a"));
  ASSERT_TRUE(wait_until_guarded());
  ASSERT_TRUE(node->run_until([&] {
    return times_logged("node commands sentinel events connected") == 3 &&
           times_logged("node pubsub sentinel events connected") == 3;
  }));
  const auto publish_until = [&](const std::string& line) {
    return node->run_until([&] {
      if (sent_ - stored_ < 500) publish(*node, ++sent_);
      return times_logged(line + std::to_string(replica_->port())) == 1;
    });
  };
  int asked_after = 0;
  ASSERT_TRUE(node->run_until([&] {
    if (sent_ - stored_ < 500) publish(*node, ++sent_);
    if (stored_ < 1000) return false;
    if (std::exchange(asked_after, stored_) == 0) {
      EXPECT_EQ(sentinels_[2]->command({"SENTINEL", "FAILOVER", "main"}), "OK");
    }
    return true;
  }));
  ASSERT_TRUE(publish_until("node commands connected to main at 127.0.0.1:"));
  ASSERT_TRUE(publish_until_ready(*node));
  ASSERT_TRUE(run_until_all_stored(*node));
  EXPECT_EQ(times_logged("Sentinels replace the master"), 1U);
  EXPECT_EQ(node->broker->counters().store_lives, 1U);
  EXPECT_EQ(node->broker->counters().suspect_lives, 0U);
  EXPECT_EQ(bodies(*node, "room:a"), numbers(sent_));
  expect_delivery(*node);
}

// Redis' own way (7 and later), where there are no Sentinels: it holds writes until the replica has
// all. There and back, as this node knows one address only.
TEST_F(RedisSentinels, AreNotNeededForAFailoverThatRedisDoesItself) {
  const auto node = make_node(master_.tcp_url(), "node");
  ASSERT_TRUE(node->run_until_ready());
  ASSERT_TRUE(node->subscribe("room:a"));
  const auto is_in_step = [](RedisServer& server) {
    return server.command({"INFO", "replication"}).find("state=online") != std::string::npos;
  };
  const auto fail_over = [&](RedisServer& from, RedisServer& to) {
    return node->run_until([&] {
      if (sent_ - stored_ < 500) publish(*node, ++sent_);
      return stored_ >= 500 && is_in_step(from);
    }) && from.command({"FAILOVER"}) == "OK" &&
           node->run_until([&] {
             if (sent_ - stored_ < 500) publish(*node, ++sent_);
             return to.try_command({"ROLE"}).value_or("").starts_with("master") &&
                    from.try_command({"ROLE"}).value_or("").starts_with("slave");
           });
  };
  ASSERT_TRUE(fail_over(master_, *replica_));
  ASSERT_TRUE(node->run_until([&] { return node->broker->health() != Health::kReady; }));
  ASSERT_TRUE(node->run_until([&] { return is_in_step(*replica_); }));
  EXPECT_EQ(replica_->command({"FAILOVER"}), "OK");
  ASSERT_TRUE(publish_until_ready(*node));
  ASSERT_TRUE(run_until_all_stored(*node));
  EXPECT_EQ(node->broker->counters().suspect_lives, 0U);
  EXPECT_EQ(bodies(*node, "room:a"), numbers(sent_));
  publish(*node, ++sent_);
  ASSERT_TRUE(node->run_until([&] {
    return !node->received.empty() && node->received.back().body == std::to_string(sent_);
  }));
}

TEST_F(RedisSentinels, AreAskedInTurnAndTheOneThatAnsweredFirstTheNextTime) {
  start_sentinels(2);
  const testing::ReservedPort nobody;
  const auto parsed = "redis+sentinel://127.0.0.1:" + std::to_string(nobody.number()) + ',' +
                      sentinels_[0]->place() + ',' + sentinels_[1]->place() + "/main";
  const auto node = make_node(parsed, "node");
  ASSERT_TRUE(node->run_until_ready());
  const auto connected = [&](std::size_t sentinel) {
    return times_logged("sentinel connected to " + sentinels_[sentinel]->place());
  };
  EXPECT_EQ(connected(0), 2U) << log_.str();  // each link has its own
  EXPECT_EQ(connected(1), 0U);
  // One that hangs is passed over, and the master stays connected.
  sentinels_[0]->suspend();
  ASSERT_TRUE(node->run_until([&] { return connected(1) == 2; }));
  EXPECT_EQ(node->broker->health(), Health::kReady);
  EXPECT_EQ(node->broker->counters().link_losses, 0U);
  sentinels_[0]->resume();
}

TEST_F(RedisSentinels, AreTriedForEverAndSaySoOnce) {
  const testing::ReservedPort nobody;
  link_settings_.connect_timeout_ms = 1500;  // by then it is known why no Sentinel answers
  const auto node =
      make_node("redis+sentinel://127.0.0.1:" + std::to_string(nobody.number()) + "/main", "node");
  ASSERT_TRUE(node->run_until([&] { return times_logged("no Sentinel names the master") == 2; }))
      << log_.str();
  // That it is not said again can be told only by waiting: for another attempt.
  ASSERT_TRUE(testing::run_for(loop_, 2000));
  EXPECT_EQ(times_logged("no Sentinel names the master"), 2U) << log_.str();
  EXPECT_EQ(times_logged("node commands sentinel cannot use"), 1U) << log_.str();
  EXPECT_THAT(node->broker->stores().at(0).problem, HasSubstr("Connection refused"));
}

TEST_F(RedisSentinels, SayThatTheyDoNotKnowTheName) {
  start_sentinels(1);
  const auto node = make_node("redis+sentinel://" + sentinels_[0]->place() + "/other", "node");
  ASSERT_TRUE(
      node->run_until([&] { return times_logged("it does not know a master \"other\"") != 0; }));
}

TEST_F(RedisSentinels, SayThatTheyAreNone) {
  const auto node =
      make_node("redis+sentinel://127.0.0.1:" + std::to_string(master_.port()) + "/main", "node");
  // Each of the two links asks over one connection, and listens on another.
  ASSERT_TRUE(node->run_until([&] { return times_logged("it is a master, not a sentinel") == 4; }));
}

TEST_F(RedisSentinels, TakeALoginOfTheirOwn) {
  start_sentinels(1, {"requirepass sent1nel"});
  const auto refused = make_node(url(), "refused");
  ASSERT_TRUE(refused->run_until([&] { return times_logged("NOAUTH") == 4; })) << log_.str();
  master_.command({"CONFIG", "SET", "requirepass", "s3cret"});
  const auto node = make_node(
      "redis+sentinel://:s3cret@" + sentinels_[0]->place() + "/main?sentinel_password=sent1nel",
      "node");
  ASSERT_TRUE(node->run_until_ready());
  EXPECT_EQ(times_logged("s3cret"), 0U);
  EXPECT_EQ(times_logged("sent1nel"), 0U);
}

}  // namespace
}  // namespace chirm

// SPDX-License-Identifier: MIT
// What is published while the store fails in between.
#include "core/broker/memory/memory_broker.h"
#include "tests/core/rooms/rooms_fixture.h"

namespace chirm {
namespace {

using ::testing::HasSubstr;
using testing::Person;

// Keeps all in memory, and fails to read it when told to.
class UnreadableBroker final : public Broker {
 public:
  explicit UnreadableBroker(Loop& loop) : inner_(loop, BrokerSettings()) {}

  // Reading from there fails. 0: nothing fails.
  void fail_from(std::uint64_t offset) { unreadable_ = offset; }

  void set_listener(BrokerListener& listener) override { inner_.set_listener(listener); }
  void publish(const PublishRequest& request, Callback<Position> done) override {
    inner_.publish(request, std::move(done));
  }
  void signal(std::string_view channel, std::string_view body) override {
    inner_.signal(channel, body);
  }
  void rewrite(const RewriteRequest& request, Callback<Rewritten> done) override {
    inner_.rewrite(request, std::move(done));
  }
  void refuse_waiting() override { inner_.refuse_waiting(); }
  void subscribe(std::string_view channel, Callback<LogTop> done) override {
    inner_.subscribe(channel, std::move(done));
  }
  void unsubscribe(std::string_view channel) override { inner_.unsubscribe(channel); }
  void history(const HistoryRequest& request, Callback<History> done) override {
    if (unreadable_ != 0 && request.since == unreadable_ - 1) {
      return done(Unexpected<ErrorCode>(errors::kInternal));
    }
    inner_.history(request, std::move(done));
  }
  void search(const SearchRequest& request, Callback<SearchResult> done) override {
    inner_.search(request, std::move(done));
  }
  DocumentStore& documents() override { return inner_.documents(); }
  NodeBus& nodes() override { return inner_.nodes(); }
  void flush() override { inner_.flush(); }
  Health health() const override { return inner_.health(); }
  std::vector<StoreHealth> stores() const override { return inner_.stores(); }
  const BrokerCounters& counters() const override { return inner_.counters(); }

 private:
  MemoryBroker inner_;
  std::uint64_t unreadable_ = 0;
};

class PublishingTest : public testing::RoomsTest {
 protected:
  PublishingTest() {
    auto broker = std::make_unique<UnreadableBroker>(loop);
    broker_ = broker.get();
    add_node(std::move(broker));
  }

  UnreadableBroker* broker_;
};
INSTANTIATE_TEST_SUITE_P(Stores, PublishingTest, ::testing::Values(testing::StoreKind::kMemory),
                         testing::name_of_store);

TEST_P(PublishingTest, TellsOfADeleteOnceWhenItCannotBeReadAgain) {
  Person& ada = enter("ada");
  Person& bob = enter("bob");
  ada.say("room:lobby", "1");
  bob.subscribe("room:lobby");
  const std::string remove = R"({"id":"d","type":"delete","target":1})";
  broker_->fail_from(2);  // it is stored there
  EXPECT_EQ(ada.publish("room:lobby", remove), "100 internal server error");
  broker_->fail_from(0);
  EXPECT_THAT(ada.publish("room:lobby", remove), HasSubstr(R"("offset":2)"));
  ada.say("room:lobby", "3");
  EXPECT_TRUE(bob.hears(R"("offset":3)"));
  EXPECT_EQ(bob.count_pushes(R"("type":"delete")"), 1U);
}

}  // namespace
}  // namespace chirm

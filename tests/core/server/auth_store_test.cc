// SPDX-License-Identifier: MIT
// Signing in while the store is slow, silent or failing: what comes in between.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>

#include "core/broker/memory/memory_documents.h"
#include "tests/support/auth_node.h"
#include "tests/support/fake_broker.h"

namespace chirm {
namespace {

using testing::AuthNode;
using testing::AuthReply;
using testing::kPassword;
using testing::kTokenRefused;
using testing::RawClient;

// Answers nothing.
class SilentDocuments final : public DocumentStore {
 public:
  void add_listener(DocumentListener&) override {}
  void remove_listener(DocumentListener&) override {}
  void get(std::string_view, std::string_view, Callback<Document>) override {}
  void put(std::string_view, std::string_view, std::uint64_t, std::string_view,
           Callback<PutResult>) override {}
  void list(const ListRequest&, Callback<std::vector<NamedDocument>>) override {}
  void count(std::string_view, Callback<std::uint64_t>) override {}
  void clear(std::string_view, Callback<std::uint64_t>) override {}
};

TEST(AuthWithoutStore, AsksToComeAgain) {
  Loop loop;
  SilentDocuments documents;
  auto broker = std::make_unique<testing::FakeBroker>();
  broker->document_store = &documents;
  AuthNode node(loop, std::move(broker));
  EXPECT_EQ(node.connected("whatever"), "1 error 100");
  const AuthReply guest = node.post("/auth/guest", "{}");
  EXPECT_EQ(guest.status, 503);
  EXPECT_EQ(guest.error(), "busy");
  EXPECT_FALSE(guest.header("Retry-After").empty());
}

// The connection is not open yet when its session ends: it must not open any more.
TEST(AuthWhileJoining, ClosesAConnectionWhoseSessionEndsMeanwhile) {
  Loop loop;
  MemoryDocuments documents(loop);
  auto owned = std::make_unique<testing::FakeBroker>();
  testing::FakeBroker& broker = *owned;
  broker.document_store = &documents;
  AuthNode node(loop, std::move(owned));
  EXPECT_TRUE(node.run_until_ready());
  const AuthReply ada = node.sign_up("ada");
  RawClient client(loop, node.server.port());
  client.send_upgrade();
  client.send(R"({"id":1,"connect":{"token":")" + ada.text("token") + R"("}})");
  EXPECT_TRUE(node.run_until([&] { return broker.subscribes.size() == 1; }));  // its inbox
  EXPECT_EQ(node.post("/auth/logout", AuthNode::with_refresh(ada.text("refresh_token"))).status,
            200);
  broker.answer_subscribe(Position{0, "e"});
  EXPECT_TRUE(node.run_until_closed(client));
  EXPECT_EQ(client.events.lines, std::vector<std::string>{kTokenRefused});
}

// Keeps puts into a collection back, and fails what is read of another, while told so.
class HeldDocuments final : public DocumentStore {
 public:
  explicit HeldDocuments(Loop& loop) : documents_(loop) {}

  void add_listener(DocumentListener& listener) override { documents_.add_listener(listener); }
  void remove_listener(DocumentListener& listener) override {
    documents_.remove_listener(listener);
  }
  void get(std::string_view collection, std::string_view id, Callback<Document> done) override {
    if (collection != failing) return documents_.get(collection, id, std::move(done));
    documents_.get(collection, id, [done = std::move(done)](const auto&) {
      done(Unexpected<ErrorCode>(errors::kInternal));
    });
  }
  void put(std::string_view collection, std::string_view id, std::uint64_t expected,
           std::string_view value, Callback<PutResult> done) override {
    const auto put = [=, this, collection = std::string(collection), id = std::string(id),
                      value = std::string(value)] {
      documents_.put(collection, id, expected, value, done);
    };
    collection == held ? puts.push_back(put) : put();
  }
  void list(const ListRequest& request, Callback<std::vector<NamedDocument>> done) override {
    documents_.list(request, [this, done = std::move(done)](const auto& listed) {
      is_list_held ? lists.push_back([done, listed] { done(listed); }) : done(listed);
    });
  }
  void count(std::string_view collection, Callback<std::uint64_t> done) override {
    documents_.count(collection, std::move(done));
  }
  void clear(std::string_view collection, Callback<std::uint64_t> done) override {
    documents_.clear(collection, std::move(done));
  }

  std::string held;
  std::string failing;
  std::deque<std::function<void()>> puts;
  bool is_list_held = false;
  std::deque<std::function<void()>> lists;  // answers

 private:
  MemoryDocuments documents_;
};

class AuthStore : public ::testing::Test {
 protected:
  AuthNode& start(const AccountSettings& settings = AuthNode::account_settings()) {
    auto broker = std::make_unique<testing::FakeBroker>();
    broker->document_store = &documents_;
    node_ = std::make_unique<AuthNode>(loop_, std::move(broker), settings);
    EXPECT_TRUE(node_->run_until_ready());
    return *node_;
  }
  int log_in(const std::string& password) {
    return node_->post("/auth/login", AuthNode::credentials("ada", password)).status;
  }
  std::size_t sessions() {
    std::optional<std::size_t> count;
    documents_.count("session:ada", [&](const auto& result) { count = *result; });
    EXPECT_TRUE(node_->run_until([&] { return count.has_value(); }));
    return *count;
  }

  Loop loop_;
  HeldDocuments documents_{loop_};
  std::unique_ptr<AuthNode> node_;
};

// The password was right when it was looked at, and is not any more when the session opens.
TEST_F(AuthStore, OpensNoSessionWithAPasswordThatIsChangedMeanwhile) {
  AuthNode& node = start();
  (void)node.sign_up("ada");
  documents_.held = "session:ada";
  RawClient& late = node.send("/auth/login", AuthNode::credentials("ada", kPassword));
  EXPECT_TRUE(node.run_until([&] { return documents_.puts.size() == 1; }));
  documents_.held.clear();
  const AuthReply changed =
      node.post("/auth/password",
                R"({"name":"ada","password":"correct horse","new_password":"battery staple"})");
  EXPECT_EQ(changed.status, 200);
  documents_.puts.front()();
  const AuthReply refused = node.reply(late);
  EXPECT_EQ(refused.status, 401);
  EXPECT_EQ(sessions(), 1U);
  EXPECT_EQ(
      node.post("/auth/refresh", AuthNode::with_refresh(changed.text("refresh_token"))).status,
      200);
}

TEST_F(AuthStore, CountsNoAttemptWhileTheStoreFails) {
  AccountSettings settings = AuthNode::account_settings();
  settings.per_address = settings.per_name =
      settings.per_name_there = {.burst = 2, .interval_ms = 600'000};
  AuthNode& node = start(settings);
  (void)node.sign_up("ada");
  documents_.failing = "account";
  for (int i = 0; i < 5; ++i) EXPECT_EQ(log_in(kPassword), 503);
  documents_.failing.clear();
  EXPECT_EQ(log_in("wrong"), 401);
  EXPECT_EQ(log_in(kPassword), 200);
  EXPECT_EQ(log_in(kPassword), 429);
}

// The answer that the node has not read yet is older than the pardon.
TEST_F(AuthStore, KeepsNobodyOutWhoWasPardonedWhileBansWereRead) {
  const auto wait = [&](auto call) {
    bool is_done = false;
    call([&](const auto& result) { is_done = result.has_value(); });
    EXPECT_TRUE(testing::run_until(loop_, [&] { return is_done; }));
  };
  {
    Revocations before(loop_, documents_);
    wait([&](auto done) { before.ban_user("ada", {}, done); });
    EXPECT_TRUE(before.is_revoked("ada", 0));
  }
  documents_.is_list_held = true;
  Revocations revocations(loop_, documents_);
  EXPECT_TRUE(testing::run_until(loop_, [&] { return !documents_.lists.empty(); }));
  wait([&](auto done) { revocations.pardon_user("ada", done); });
  documents_.lists.front()();
  EXPECT_TRUE(revocations.is_loaded());
  EXPECT_FALSE(revocations.is_revoked("ada", 0));
}

}  // namespace
}  // namespace chirm

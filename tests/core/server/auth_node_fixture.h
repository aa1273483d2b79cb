// SPDX-License-Identifier: MIT
#pragma once
// A node with accounts in memory, of which its tests ask over HTTP.

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>

#include "core/broker/memory/memory_broker.h"
#include "tests/support/auth_node.h"

namespace chirm::testing {

class AuthNodeTest : public ::testing::Test {
 protected:
  AuthNodeTest() { start(AuthNode::account_settings()); }

  void start(const AccountSettings& accounts,
             const ChatSettings& chat = AuthNode::chat_settings()) {
    owner_.reset();
    loop_ = std::make_unique<Loop>();
    owner_ = std::make_unique<AuthNode>(
        *loop_, std::make_unique<MemoryBroker>(*loop_, BrokerSettings()), accounts, chat);
    EXPECT_TRUE(owner_->run_until_ready());
  }
  AuthNode& node() { return *owner_; }
  std::uint64_t accounts_there() {
    std::optional<std::uint64_t> count;
    node().broker->documents().count("account", [&](const auto& result) { count = *result; });
    EXPECT_TRUE(node().run_until([&] { return count.has_value(); }));
    return *count;
  }
  void set_password(const std::string& name) {
    bool is_set = false;
    node().server.accounts()->set_password(name, kPassword, [&](const auto& set) {
      EXPECT_TRUE(set.has_value());
      is_set = true;
    });
    EXPECT_TRUE(node().run_until([&] { return is_set; }));
  }

 private:
  std::unique_ptr<Loop> loop_;
  std::unique_ptr<AuthNode> owner_;
};

}  // namespace chirm::testing

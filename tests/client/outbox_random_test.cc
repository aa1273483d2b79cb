// SPDX-License-Identifier: MIT
// An outbox beside the simplest thing that behaves like one, with random calls.
#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "client/outbox.h"
#include "core/base/random.h"

namespace chirm::client {
namespace {

class OutboxModel {
 public:
  struct Item {
    std::string data;
    bool has_id = false;
    std::uint32_t command_id = 0;
    std::uint64_t sent_ms = 0;
    std::optional<std::uint64_t> first_sent_ms = {};
  };

  Item* next_unsent() {
    for (Item& item : items_) {
      if (item.command_id == 0) return &item;
    }
    return nullptr;
  }
  void mark_sent(Item& item, std::uint32_t id, std::uint64_t now_ms) {
    resent_ += item.first_sent_ms ? 1 : 0;
    if (!item.first_sent_ms) item.first_sent_ms = now_ms;
    item.command_id = id;
    item.sent_ms = now_ms;
  }
  std::vector<std::uint32_t> on_wire() const {
    std::vector<std::uint32_t> ids;
    for (const Item& item : items_) {
      if (item.command_id != 0) ids.push_back(item.command_id);
    }
    return ids;
  }
  Item& find(std::uint32_t id) {
    return *std::find_if(items_.begin(), items_.end(),
                         [&](const Item& item) { return item.command_id == id; });
  }
  std::string take(std::uint32_t id) {
    const std::string data = find(id).data;
    std::erase_if(items_, [&](const Item& item) { return item.command_id == id; });
    return data;
  }
  // Takes those for which it is true.
  std::vector<std::string> take_if(const auto& is_taken) {
    std::vector<std::string> taken;
    for (const Item& item : items_) {
      if (is_taken(item)) taken.push_back(item.data);
    }
    std::erase_if(items_, is_taken);
    return taken;
  }
  std::optional<std::uint64_t> oldest_resend_ms() const {
    for (const Item& item : items_) {
      if (item.command_id == 0 && item.first_sent_ms) return item.first_sent_ms;
    }
    return std::nullopt;
  }
  std::optional<std::uint64_t> oldest_sent_ms() const {
    std::optional<std::uint64_t> oldest;
    for (const Item& item : items_) {
      if (item.command_id != 0) oldest = std::min(oldest.value_or(item.sent_ms), item.sent_ms);
    }
    return oldest;
  }

  std::vector<Item> items_;
  std::uint64_t resent_ = 0;
};

class OutboxAndModel {
 public:
  explicit OutboxAndModel(std::uint64_t seed) : random_(seed) {}

  void step() {
    now_ms_ += random_.between(0, 5);
    switch (random_.between(0, 9)) {
      case 0:
      case 1:
      case 2:
        push();
        break;
      case 3:
      case 4:
      case 5:
        send();
        break;
      case 6:
        with_one_on_wire([this](std::uint32_t id) {
          EXPECT_EQ(outbox_.take(*outbox_.find(id)).data, model_.take(id));
        });
        break;
      case 7:
        with_one_on_wire([this](std::uint32_t id) {
          outbox_.put_back(*outbox_.find(id), {});
          model_.find(id).command_id = 0;
        });
        break;
      case 8:
        if (random_.between(0, 3) == 0) lose_connection();
        break;
      default:
        give_up();
    }
    compare();
  }

 private:
  void push() {
    const bool has_id = random_.between(0, 2) > 0;
    const std::string name = std::to_string(++pushed_);
    const std::string data = (has_id ? R"({"id":")" : R"({"text":")") + name + "\"}";
    outbox_.push("a", data, {});
    model_.items_.push_back({.data = data, .has_id = has_id});
  }
  void send() {
    Outbox::Entry* entry = outbox_.next_unsent();
    OutboxModel::Item* item = model_.next_unsent();
    ASSERT_EQ(entry == nullptr, item == nullptr);
    if (entry == nullptr) return;
    EXPECT_EQ(entry->data, item->data);
    outbox_.mark_sent(*entry, ++id_, now_ms_);
    model_.mark_sent(*item, id_, now_ms_);
  }
  void with_one_on_wire(const auto& act) {
    const auto ids = model_.on_wire();
    if (!ids.empty()) act(ids[random_.between(0, ids.size() - 1)]);
  }
  void lose_connection() {
    std::vector<std::string> lost;
    for (const Outbox::Entry& entry : outbox_.connection_lost()) lost.push_back(entry.data);
    EXPECT_EQ(lost,
              model_.take_if([](const auto& one) { return one.command_id != 0 && !one.has_id; }));
    for (OutboxModel::Item& item : model_.items_) item.command_id = 0;
  }
  void give_up() {
    const std::uint64_t before_ms = now_ms_ < 60 ? 0 : now_ms_ - 60;
    std::vector<std::string> gone;
    for (const auto& entry : outbox_.take_sent_before(before_ms)) gone.push_back(entry.data);
    EXPECT_EQ(gone, model_.take_if([&](const auto& one) {
      return one.command_id == 0 && one.first_sent_ms && *one.first_sent_ms < before_ms;
    }));
  }
  void compare() {
    outbox_.check();
    EXPECT_EQ(outbox_.size(), model_.items_.size());
    EXPECT_EQ(outbox_.resent(), model_.resent_);
    EXPECT_EQ(outbox_.oldest_sent_ms(), model_.oldest_sent_ms());
    EXPECT_EQ(outbox_.oldest_resend_ms(), model_.oldest_resend_ms());
    EXPECT_EQ(outbox_.find(id_ + 1), nullptr);
    for (const std::uint32_t id : model_.on_wire()) {
      const Outbox::Entry* entry = outbox_.find(id);
      ASSERT_NE(entry, nullptr) << id;
      EXPECT_EQ(entry->data, model_.find(id).data);
    }
  }

  Random random_;
  Outbox outbox_;
  OutboxModel model_;
  std::uint64_t now_ms_ = 0;
  std::uint32_t id_ = 0;
  int pushed_ = 0;
};

TEST(OutboxWithRandomCalls, DoesWhatTheModelDoes) {
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    OutboxAndModel both(seed);
    for (int i = 0; i < 300 && !::testing::Test::HasFailure(); ++i) both.step();
  }
}

}  // namespace
}  // namespace chirm::client

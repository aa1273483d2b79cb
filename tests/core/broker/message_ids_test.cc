// SPDX-License-Identifier: MIT
// Message ids beside a model: a plain list of what was added, oldest first.

#include "core/broker/message_ids.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/base/random.h"

namespace chirm {
namespace {

struct ModelId {
  std::string key;
  std::uint64_t offset;
  std::int64_t time_ms;
};

TEST(MessageKey, IsThatOfOnePairOfUserAndIdAlone) {
  const std::string zero(1, '\0');
  // All of up to three bytes, of those that could pass for a separator or a length.
  std::vector<std::string> texts{""};
  for (std::size_t i = 0; i < texts.size(); ++i) {
    const std::string text = texts[i];
    if (text.size() == 3) break;
    for (const std::string& byte : {zero, std::string("1"), std::string(":")}) {
      texts.push_back(text + byte);
    }
  }
  std::set<std::string> keys;
  std::size_t pairs = 0;
  for (const std::string& user : texts) {
    EXPECT_EQ(message_key(user, ""), "");
    for (const std::string& id : texts) {
      if (id.empty()) continue;
      ++pairs;
      EXPECT_TRUE(keys.insert(message_key(user, id)).second) << user << " / " << id;
    }
  }
  EXPECT_EQ(keys.size(), pairs);
}

class MessageIdsRandom : public ::testing::TestWithParam<int> {
 protected:
  static constexpr std::size_t kSizeMax = 50;

  std::optional<std::uint64_t> model_find(const std::string& key) const {
    const auto found = std::find_if(model_.rbegin(), model_.rend(),
                                    [&](const ModelId& one) { return one.key == key; });
    return found == model_.rend() ? std::nullopt : std::optional(found->offset);
  }
  // As a store does: a key that is not known is added.
  void look_up_or_add(const std::string& key) {
    const auto expected = model_find(key);
    ASSERT_EQ(ids_.find(key), expected) << key;
    if (expected) return;
    ids_.add(key, ++last_offset_, now_ms_);
    model_.push_back({key, last_offset_, now_ms_});
    if (model_.size() > kSizeMax) model_.pop_front();
  }

  Random random_{static_cast<std::uint64_t>(GetParam())};
  MessageIds ids_{kSizeMax};
  std::deque<ModelId> model_;
  std::uint64_t last_offset_ = 0;
  std::int64_t now_ms_ = 1000;
};

TEST_P(MessageIdsRandom, AreFoundUntilTheirTimeOrTheBound) {
  SCOPED_TRACE("seed " + std::to_string(GetParam()));
  for (int step = 0; step < 5000; ++step) {
    const std::uint64_t dice = random_.between(0, 99);
    now_ms_ += static_cast<std::int64_t>(random_.between(0, 3));
    if (dice < 85) {
      look_up_or_add("id-" + std::to_string(random_.between(0, 120)));
    } else if (dice < 95) {
      const std::int64_t until = now_ms_ - static_cast<std::int64_t>(random_.between(0, 100));
      ids_.forget_until(until);
      while (!model_.empty() && model_.front().time_ms <= until) model_.pop_front();
    } else {  // a transaction failed
      const std::size_t count = std::min<std::size_t>(random_.between(0, 3), model_.size());
      ids_.take_back(count);
      model_.erase(model_.end() - static_cast<std::ptrdiff_t>(count), model_.end());
    }
    ids_.check();
    ASSERT_EQ(ids_.size(), model_.size()) << "step " << step;
    if (HasFatalFailure()) FAIL() << "at step " << step;
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, MessageIdsRandom, ::testing::Range(1, 9));

}  // namespace
}  // namespace chirm

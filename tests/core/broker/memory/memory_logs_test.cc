// SPDX-License-Identifier: MIT
// The logs in memory beside a model that keeps every publication, and says which of them may be
// gone.

#include "core/broker/memory/memory_logs.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/base/random.h"

namespace chirm {
namespace {

struct ModelChannel {
  std::string epoch;
  std::vector<std::string> bodies;             // of all offsets from 1 on
  std::map<std::string, std::uint64_t> ids;    // of message keys
  std::map<std::string, std::uint64_t> since;  // … and when they were added
  std::uint64_t touched_ms = 0;
  bool is_subscribed = false;
};

class MemoryLogsRandom : public ::testing::TestWithParam<int> {
 protected:
  static BrokerSettings settings() {
    BrokerSettings settings;
    settings.history_size = 12;
    settings.memory_bytes_max = 6000;
    settings.history_ttl_ms = 200'000;
    settings.idempotency_ttl_ms = 10'000;
    return settings;
  }
  std::uint64_t between(std::uint64_t low, std::uint64_t high) {
    return random_.between(low, high);
  }

  MemoryLogs::Log& log_of(const std::string& name) {
    MemoryLogs::Log& log = logs_.find_or_create(name, now_ms_);
    ModelChannel& channel = model_[name];
    if (channel.epoch.empty()) channel.epoch = log.epoch;
    EXPECT_EQ(log.epoch, channel.epoch) << name;
    EXPECT_EQ(log.top, channel.bodies.size()) << name;
    channel.touched_ms = now_ms_;
    return log;
  }
  void append(const std::string& name) {
    MemoryLogs::Log& log = log_of(name);
    ModelChannel& channel = model_[name];
    const std::string key = between(0, 1) == 0 ? "" : "id-" + std::to_string(between(0, 30));
    const std::string body(between(1, 400), static_cast<char>('a' + between(0, 25)));
    const auto known = key.empty() ? channel.ids.end() : channel.ids.find(key);
    const auto added = logs_.append(log, key, body, now_ms_);
    if (known != channel.ids.end()) {
      EXPECT_EQ(added.body, nullptr);
      EXPECT_EQ(added.offset, known->second);
      return;
    }
    ASSERT_NE(added.body, nullptr);
    EXPECT_EQ(*added.body, body);
    channel.bodies.push_back(body);
    EXPECT_EQ(added.offset, channel.bodies.size());
    if (!key.empty()) {
      channel.ids[key] = added.offset;
      channel.since[key] = now_ms_;
    }
    logs_.bound(log);
  }
  void rewrite(const std::string& name) {
    MemoryLogs::Log* const log = logs_.find(name);
    if (log == nullptr || model_[name].bodies.empty()) return;
    auto& bodies = model_[name].bodies;
    const std::uint64_t offset = between(1, bodies.size() + 1);
    const std::string body(between(1, 400), 'R');
    const std::string expected = between(0, 1) == 0 ? "" : "nothing like it";
    const Rewritten result = logs_.rewrite(*log, offset, expected, body);
    const bool is_kept = kept_from(*log) <= offset && offset <= bodies.size();
    EXPECT_EQ(result, !is_kept           ? Rewritten::kGone
                      : expected.empty() ? Rewritten::kDone
                                         : Rewritten::kChanged);
    if (result == Rewritten::kDone) bodies[offset - 1] = body;
    logs_.bound(*log);
  }
  // The lowest offset that is still there.
  std::uint64_t kept_from(const MemoryLogs::Log& log) {
    const History all = logs_.read(log, {"", 0, 1000, false});
    return all.publications.empty() ? log.top + 1 : all.publications.front().offset;
  }
  // Whatever is read is what the model has, without holes, up to the end or the limit.
  void read(const std::string& name) {
    const MemoryLogs::Log& log = log_of(name);
    const auto& bodies = model_[name].bodies;
    HistoryRequest request{name, between(0, bodies.size() + 2),
                           static_cast<std::uint32_t>(between(0, 15)), between(0, 1) == 0};
    if (between(0, 2) == 0) request.bytes_max = between(1, 1000);
    const History history = logs_.read(log, request);
    const std::uint64_t first = kept_from(log);
    std::vector<std::uint64_t> expected;
    if (request.reverse) {
      const std::uint64_t end = request.since == 0 ? bodies.size() + 1 : request.since;
      for (std::uint64_t at = std::min<std::uint64_t>(end, bodies.size() + 1); at > first; --at) {
        expected.push_back(at - 1);
      }
    } else {
      for (std::uint64_t at = std::max(request.since + 1, first); at <= bodies.size(); ++at) {
        expected.push_back(at);
      }
    }
    std::size_t bytes = 0;
    std::vector<std::uint64_t> fitting;
    for (const std::uint64_t offset : expected) {
      if (fitting.size() == request.limit || bytes >= request.bytes_max) break;
      fitting.push_back(offset);
      bytes += bodies[offset - 1].size();
    }
    ASSERT_EQ(history.publications.size(), fitting.size());
    for (std::size_t i = 0; i < fitting.size(); ++i) {
      EXPECT_EQ(history.publications[i].offset, fitting[i]);
      EXPECT_EQ(history.publications[i].body, bodies[fitting[i] - 1]);
    }
  }
  void forget() {
    now_ms_ += between(1, 100'000);
    logs_.forget_old(now_ms_);
    for (auto at = model_.begin(); at != model_.end();) {
      ModelChannel& channel = at->second;
      std::erase_if(channel.since, [&](const auto& id) {
        const bool is_old = id.second + 10'000 <= now_ms_;
        if (is_old) channel.ids.erase(id.first);
        return is_old;
      });
      const std::uint64_t ttl = channel.bodies.empty() ? MemoryLogs::kEmptyChannelMs
                                                       : std::max(settings().history_ttl_ms,
                                                                  BrokerSettings::kNumberingMs);
      const bool is_gone = !channel.is_subscribed && channel.touched_ms + ttl <= now_ms_;
      EXPECT_EQ(logs_.find(at->first) == nullptr, is_gone) << at->first;
      at = is_gone ? model_.erase(at) : std::next(at);
    }
  }

  Random random_{static_cast<std::uint64_t>(GetParam())};
  MemoryLogs logs_{settings(), Random(static_cast<std::uint64_t>(GetParam()) + 1000)};
  std::map<std::string, ModelChannel> model_;
  std::uint64_t now_ms_ = 1'000'000;
};

TEST_P(MemoryLogsRandom, HoldWhatWasPublishedWithinTheirBounds) {
  SCOPED_TRACE("seed " + std::to_string(GetParam()));
  for (int step = 0; step < 4000; ++step) {
    const std::string name = "room:" + std::to_string(between(0, 7));
    const std::uint64_t dice = between(0, 99);
    if (dice < 45) {
      append(name);
    } else if (dice < 55) {
      rewrite(name);
    } else if (dice < 85) {
      read(name);
    } else if (dice < 95) {
      bool& is_subscribed = model_[name].is_subscribed;
      is_subscribed = !is_subscribed;
      log_of(name).is_subscribed = is_subscribed;
    } else {
      forget();
    }
    logs_.check();
    if (HasFailure()) FAIL() << "at step " << step;
  }
  // Silent ones have lost more than busy ones, and all together take no more than they may.
  std::size_t bytes = 0;
  for (const auto& [name, channel] : model_) {
    const MemoryLogs::Log* const log = logs_.find(name);
    ASSERT_NE(log, nullptr);
    for (const Publication& one : logs_.read(*log, {"", 0, 1000, false}).publications) {
      bytes += one.body.size();
    }
  }
  EXPECT_LE(bytes, settings().memory_bytes_max);
}

INSTANTIATE_TEST_SUITE_P(Seeds, MemoryLogsRandom, ::testing::Range(1, 9));

}  // namespace
}  // namespace chirm

// SPDX-License-Identifier: MIT
#include "tests/e2e/cluster_test.h"

#include <algorithm>
#include <cmath>
#include <iostream>
#include <limits>
#include <optional>

#include "tests/support/loop_runner.h"

namespace chirm::testing {

namespace {

constexpr std::uint64_t kPaceMs = 5;
constexpr std::size_t kLogLinesPrinted = 60;
const std::vector<std::string> kRooms = {"room:a", "room:b", "room:c"};

std::string last_lines(const std::string& text) {
  std::size_t start = text.size();
  for (std::size_t lines = 0; start > 0; --start) {
    if (text[start - 1] == '\n' && ++lines > kLogLinesPrinted) break;
  }
  return text.substr(start);
}

// The first place where two logs differ, for people.
std::string difference(const std::vector<Entry>& seen, const std::vector<Entry>& expected) {
  const auto text = [](const std::vector<Entry>& log, std::size_t at) {
    return at < log.size() ? std::to_string(log[at].offset) + " " + log[at].id : "nothing";
  };
  const auto [ours, theirs] =
      std::mismatch(seen.begin(), seen.end(), expected.begin(), expected.end());
  const auto at = static_cast<std::size_t>(ours - seen.begin());
  return "of " + std::to_string(seen.size()) + " received, number " + std::to_string(at + 1) +
         " is " + text(seen, at) + ", expected " + text(expected, at);
}

}  // namespace

ClusterTest::~ClusterTest() {
  people_.clear();
  if (!cluster_) return;
  for (const std::string& trouble : cluster_->stop()) ADD_FAILURE() << trouble;
  if (!HasFailure()) return;
  for (const auto& [name, text] : cluster_->logs()) {
    std::cout << "---- " << name << "\n" << last_lines(text);
  }
}

Cluster& ClusterTest::start(Cluster::Options options) {
  cluster_ = std::make_unique<Cluster>(loop_, std::move(options));
  return *cluster_;
}

client::Options ClusterTest::options(const client::Url& url) {
  client::Options options{
      .url = url, .token = {}, .name = "p" + std::to_string(people_.size()), .local_address = {}};
  options.backoff_min_ms = 50;
  options.backoff_max_ms = 500;
  options.command_timeout_ms = kDeadlineMs;
  options.publish_timeout_ms = kDeadlineMs;
  options.ping_delay_max_ms = kDeadlineMs;
  return options;
}

Participant& ClusterTest::add(const client::Url& url, const std::vector<std::string>& channels) {
  return add(options(url), channels);
}

Participant& ClusterTest::add(client::Options options, const std::vector<std::string>& channels) {
  people_.push_back(std::make_unique<Participant>(context_, std::move(options), ledger_));
  for (const std::string& channel : channels) people_.back()->join(channel);
  return *people_.back();
}

void ClusterTest::add_crowd(std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    std::vector<std::string> rooms = kRooms;
    rooms.erase(rooms.begin() + static_cast<std::ptrdiff_t>(i % rooms.size()));
    add(cluster_->url(), rooms);
    add(cluster_->node_url(i % cluster_->nodes()), rooms);
  }
  ASSERT_TRUE(wait_until_settled()) << "not all of the crowd are there";
}

void ClusterTest::start_talking(std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) people_[i]->start_talking(kPaceMs);
}

void ClusterTest::talk_on(std::size_t messages) {
  const std::size_t wanted = ledger_.size() + messages;
  ASSERT_TRUE(run([&] { return ledger_.size() >= wanted; }))
      << "only " << ledger_.size() << " acknowledged, wanted " << wanted;
}

void ClusterTest::stop_and_compare() {
  for (const auto& one : people_) one->stop_talking();
  const auto is_quiet = [&] {
    return std::all_of(people_.begin(), people_.end(),
                       [](const auto& one) { return one->client().outbox_size() == 0; });
  };
  ASSERT_TRUE(run(is_quiet)) << "something is not acknowledged";
  // One more behind all the others: what was stored without being acknowledged comes before it.
  for (const std::string& channel : ledger_.channels()) people_.front()->say(channel);
  ASSERT_TRUE(run(is_quiet));
  const auto has_all = [&](Participant& one, const std::string& channel) {
    return !one.is_in(channel) || one.client().position(channel) >= ledger_.top(channel);
  };
  (void)run([&] {
    return std::all_of(people_.begin(), people_.end(), [&](const auto& one) {
      const auto channels = ledger_.channels();
      return std::all_of(channels.begin(), channels.end(),
                         [&](const auto& channel) { return has_all(*one, channel); });
    });
  });
  for (const auto& one : people_) {
    EXPECT_TRUE(one->failures.empty()) << one->name() << ": " << one->failures.front().message;
    for (const std::string& channel : ledger_.channels()) {
      if (!one->is_in(channel)) continue;
      const auto& room = one->room(channel);
      const auto expected = ledger_.entries(channel, room.joined_at);
      EXPECT_EQ(room.lost, 0) << one->name() << " was told of a loss in " << channel;
      EXPECT_TRUE(room.seen == expected)
          << one->name() << " in " << channel << ": " << difference(room.seen, expected);
    }
  }
}

bool ClusterTest::run(const std::function<bool()>& is_done, std::uint64_t deadline_ms) {
  return !HasFatalFailure() && run_until(loop_, is_done, deadline_ms);
}

bool ClusterTest::wait_until_settled() {
  return run([&] {
    return std::all_of(people_.begin(), people_.end(),
                       [](const auto& one) { return one->is_settled(); });
  });
}

std::vector<std::string> ClusterTest::present(Participant& asker, const std::string& channel) {
  using Users = std::optional<std::vector<std::string>>;
  // Shared with the answer, which may come when nobody waits for it any more.
  const auto users = std::make_shared<Users>();
  asker.client().presence(channel, [users](const auto& told) {
    users->emplace();
    if (!told) return;
    for (const auto& one : *told) (*users)->push_back(one.user);
  });
  EXPECT_TRUE(run([&] { return users->has_value(); })) << "nobody answers who is there";
  return users->value_or(std::vector<std::string>());
}

double ClusterTest::metric(std::size_t node, std::string_view name) {
  const std::optional<double> value = cluster_->find_metric(node, name);
  // Once: it may be asked again and again while something is waited for.
  if (!value && !HasFailure()) ADD_FAILURE() << "node " << node << " does not tell " << name;
  return value.value_or(std::numeric_limits<double>::quiet_NaN());
}

std::size_t ClusterTest::sessions(std::size_t node) {
  const double told = metric(node, "chirm_sessions");
  return std::isnan(told) ? SIZE_MAX : static_cast<std::size_t>(told);
}

std::size_t ClusterTest::count_disconnects() const {
  std::size_t count = 0;
  for (const auto& one : people_) count += one->disconnects.size();
  return count;
}

}  // namespace chirm::testing

// SPDX-License-Identifier: MIT
#include "tests/chaos/edit_traffic.h"

#include <simdjson.h>

#include <iterator>
#include <utility>

namespace chirm::chaos {

namespace {

constexpr std::uint64_t kEveryMs = 150;
constexpr std::size_t kUnackedMax = 5;

std::uint64_t time_us() { return Loop::clock_ns() / 1000; }

}  // namespace

std::vector<Violation> compare_edits(const SaidMessages& said, const std::string& history) {
  using simdjson::dom::element;
  std::vector<Violation> found;
  simdjson::dom::parser parser;
  element root;
  simdjson::dom::array publications;
  if (parser.parse(history).get(root) != simdjson::SUCCESS ||
      root.at_pointer("/result/publications").get(publications) != simdjson::SUCCESS) {
    return found;  // what is not there is not looked for here
  }
  for (const element publication : publications) {
    std::string_view id;
    if (publication.at_pointer("/data/id").get(id) != simdjson::SUCCESS) continue;
    const auto one = said.find(std::string(id));
    if (one == said.end() || !one->second.is_certain) continue;
    std::string_view text;
    // A deleted one has none.
    if (publication.at_pointer("/data/text").get(text) != simdjson::SUCCESS) text = {};
    if (text == one->second.text) continue;
    Violation violation;
    violation.kind = "edit_lost";
    violation.count = 1;
    violation.at_us = violation.acked_us = one->second.acked_us;
    violation.offset = one->second.offset;
    violation.line =
        one->first + " says \"" + std::string(text) + "\", not \"" + one->second.text + '"';
    found.push_back(std::move(violation));
  }
  return found;
}

EditTraffic::EditTraffic(Loop& loop, client::Options options, std::uint64_t seed)
    : random_(seed),
      context_(loop, seed),
      client_(context_, std::move(options), *this),
      pace_(loop, [this] { say_or_change(); }) {
  client_.subscribe(channel());
  client_.connect();
  pace_.start_repeating(kEveryMs);
}

void EditTraffic::move() {
  client_.unsubscribe(channel());
  ++moves_;
  epoch_.clear();
  said_.clear();
  client_.subscribe(channel());
}

// In a log that started over, offsets name other messages.
void EditTraffic::on_subscribed(std::string_view channel, const client::Subscribed& how) {
  if (channel != this->channel()) return;
  if (!how.recovered) {
    said_.clear();
  } else if (how.epoch != epoch_) {
    std::erase_if(said_, [&](const auto& one) { return one.second.offset > how.offset; });
  }
  epoch_ = how.epoch;
}

SaidMessage* EditTraffic::find(const std::string& id) {
  const auto found = said_.find(id);
  return found == said_.end() ? nullptr : &found->second;
}

void EditTraffic::say_or_change() {
  if (epoch_.empty() || client_.outbox_size() >= kUnackedMax) return;
  if (!said_.empty() && random_.between(0, 1) == 1) {
    const std::uint64_t place = random_.between(0, said_.size() - 1);
    const auto one = std::next(said_.begin(), static_cast<std::ptrdiff_t>(place));
    if (one->second.is_certain && !one->second.text.empty()) return change(one->first);
  }
  say();
}

void EditTraffic::say() {
  const std::string id = "said-" + std::to_string(count_++);
  const std::string data = R"({"id":")" + id + R"(","type":"message","text":"of )" + id + R"("})";
  client_.publish(channel(), data, [this, id](const auto& ack) {
    // In another log than the present one its offset would be somebody else's.
    if (!ack || ack->epoch != epoch_) return;
    SaidMessage& one = said_[id];
    one.offset = ack->offset;
    one.text = "of " + id;
    one.acked_us = time_us();
  });
}

void EditTraffic::change(const std::string& id) {
  constexpr std::uint64_t kDeleteOneIn = 4;
  SaidMessage& one = *find(id);
  one.is_certain = false;
  const bool is_delete = random_.between(1, kDeleteOneIn) == 1;
  const std::string number = std::to_string(count_++);
  const std::string text = is_delete ? "" : "edit " + number;
  std::string data = R"({"id":"change-)" + number + R"(","type":")";
  data += is_delete ? R"(delete")" : R"(edit","text":")" + text + '"';
  data += R"(,"target":)" + std::to_string(one.offset) + '}';
  client_.publish(channel(), data, [this, id, text](const auto& ack) {
    SaidMessage* const changed = find(id);
    // Refused, or not known: it stays uncertain.
    if (changed == nullptr || !ack) return;
    changed->text = text;
    changed->acked_us = time_us();
    changed->is_certain = true;
    ++changes_;
  });
}

}  // namespace chirm::chaos

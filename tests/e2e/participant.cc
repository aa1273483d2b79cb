// SPDX-License-Identifier: MIT
#include "tests/e2e/participant.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <iterator>

namespace chirm::testing {

namespace {

constexpr std::size_t kUnackedMax = 100;
constexpr std::string_view kDataStart = "{\"id\":\"";

std::string message_id(std::string_view data) {
  if (!data.starts_with(kDataStart)) return std::string(data);
  data.remove_prefix(kDataStart.size());
  return std::string(data.substr(0, data.find('"')));
}

}  // namespace

Participant::Participant(client::Context& context, client::Options options, Ledger& ledger)
    : name_(options.name),
      ledger_(ledger),
      client_(context, std::move(options), *this),
      pace_(context.loop, [this] { talk(); }) {
  client_.connect();
}

void Participant::join(std::string_view channel, client::SubscribeOptions options) {
  rooms_.try_emplace(std::string(channel));
  client_.subscribe(channel, options);
}

void Participant::on_join(std::string_view channel, const ClientInfoView& who) {
  rooms_[std::string(channel)].moves.push_back("+" + std::string(who.user));
}

void Participant::on_leave(std::string_view channel, const ClientInfoView& who) {
  rooms_[std::string(channel)].moves.push_back("-" + std::string(who.user));
}

void Participant::say(std::string_view channel) {
  const std::string id = name_ + '-' + std::to_string(++said_);
  const std::string data = std::string(kDataStart) + id + R"(","type":"message","text":"hello"})";
  client_.publish(channel, data, [this, id, channel = std::string(channel)](const auto& ack) {
    if (ack) {
      ledger_.add(channel, ack->offset, id);
    } else {
      failures.push_back(ack.error());
    }
  });
}

void Participant::start_talking(std::uint64_t period_ms) { pace_.start_repeating(period_ms); }

void Participant::talk() {
  if (client_.outbox_size() >= kUnackedMax || rooms_.empty()) return;
  const auto turn = static_cast<std::ptrdiff_t>(said_ % rooms_.size());
  say(std::next(rooms_.begin(), turn)->first);
}

bool Participant::is_in(std::string_view channel) const { return rooms_.contains(channel); }

bool Participant::is_settled() const {
  return client_.is_connected() && std::all_of(rooms_.begin(), rooms_.end(), [](const auto& room) {
           return room.second.is_joined;
         });
}

void Participant::on_connected(std::string_view, std::string_view) { ++connects; }

void Participant::on_disconnected(const client::Disconnected& why) {
  disconnects.push_back(why);
  for (auto& [name, room] : rooms_) room.is_joined = false;
}

void Participant::on_subscribed(std::string_view channel, const client::Subscribed& how) {
  if (!is_in(channel)) return;  // its inbox
  Room& room = rooms_[std::string(channel)];
  if (room.epoch.empty()) room.joined_at = how.offset;
  EXPECT_FALSE(how.recovered && how.epoch != room.epoch)
      << name_ << " was told that nothing is missing in " << channel << ", but the epoch changed";
  room.is_joined = true;
  room.epoch = how.epoch;
  if (how.was_recovering) ++(how.recovered ? room.recovered : room.lost);
}

void Participant::on_unsubscribed(std::string_view channel, std::uint32_t code, std::string_view) {
  if (is_in(channel)) rooms_[std::string(channel)].ended = code;
}

void Participant::on_publication(std::string_view channel, const PublicationView& publication) {
  if (!is_in(channel)) return;
  rooms_[std::string(channel)].seen.push_back({publication.offset, message_id(publication.data)});
}

}  // namespace chirm::testing

// SPDX-License-Identifier: MIT
#pragma once
// A subscriber that is connected, and does nothing but keep what the hub's parts do to it.

#include <string>
#include <string_view>

#include "core/chat/channel.h"
#include "core/chat/subscriber.h"
#include "tests/support/fake_transport.h"

namespace chirm::testing {

class FakeSubscriber final : public Subscriber {
 public:
  explicit FakeSubscriber(std::string id = {}) : Subscriber(transport) {
    state_ = State::kConnected;
    client_id_ = std::move(id);
  }

  // Makes it a member that stands at `cursor`.
  void join(Channel& channel, std::uint64_t cursor) {
    const auto index = static_cast<std::uint32_t>(channel.members.size());
    channel.members.push_back({this, cursor});
    subscriptions_.push_back(
        {.channel = &channel, .is_server_side = false, .is_live = true, .index = index});
  }
  // It must be nobody's reader.
  void leave(Channel& channel) {
    const std::uint32_t index = at(channel).index;
    channel.members[index] = channel.members.back();
    channel.members[index].subscriber->at(channel).index = index;
    channel.members.pop_back();
    std::erase_if(subscriptions_, [&](const auto& one) { return one.channel == &channel; });
  }
  std::uint64_t& cursor(Channel& channel) { return channel.members[at(channel).index].cursor; }

  std::string_view channel_info(std::string_view) const override { return {}; }
  void on_subscribed(const Joining&, std::string_view, const SubscribeResult&) override {}
  void on_refused(std::uint32_t, const ErrorCode&) override {}
  void on_join_late() override {}
  void push(std::string_view json) override { lane_ += json; }
  void leave_after(std::uint64_t) override {}
  bool is_leaving() const override { return false; }

  FakeTransport transport;

 private:
  void on_written() override {}
};

}  // namespace chirm::testing

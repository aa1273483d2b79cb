// SPDX-License-Identifier: MIT
#pragma once
// Somebody who edits and deletes what they have said, in a private conversation: there edits change
// what is stored, also where rooms are open. Knows what its history must hold in the end: never the
// text from before an edit or a delete that was acked.

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "client/client.h"
#include "client/context.h"
#include "core/base/random.h"
#include "core/loop/timer.h"
#include "tests/chaos/load_journal.h"

namespace chirm::chaos {

// What is known of one message.
struct SaidMessage {
  std::uint64_t offset = 0;
  std::string text;            // as acked last; "" when it was deleted
  std::uint64_t acked_us = 0;  // the last change
  bool is_certain = true;      // nothing is under way, or was refused
};
using SaidMessages = std::map<std::string, SaidMessage>;  // by id

// What is wrong with a history (the answer of the server API, as JSON).
std::vector<Violation> compare_edits(const SaidMessages& said, const std::string& history);

class EditTraffic final : private client::Events {
 public:
  // The options are those of the user "editor".
  EditTraffic(Loop& loop, client::Options options, std::uint64_t seed);

  // To another conversation: in a log that lost something, what is under way may hit others.
  void move();
  void stop() { pace_.stop(); }
  bool is_settled() const { return client_.outbox_size() == 0; }
  const SaidMessages& said() const { return said_; }
  std::string channel() const { return "dm:#editor,reader-" + std::to_string(moves_); }
  std::uint64_t changes() const { return changes_; }

 private:
  // client::Events
  void on_connected(std::string_view, std::string_view) override {}
  void on_disconnected(const client::Disconnected&) override {}
  void on_subscribed(std::string_view channel, const client::Subscribed& how) override;
  void on_unsubscribed(std::string_view, std::uint32_t, std::string_view) override {}
  void on_publication(std::string_view, const PublicationView&) override {}

  void say_or_change();
  void say();
  void change(const std::string& id);
  SaidMessage* find(const std::string& id);

  Random random_;
  std::uint64_t count_ = 0;
  std::uint64_t moves_ = 0;
  std::uint64_t changes_ = 0;  // that were acked
  SaidMessages said_;          // in the present log
  std::string epoch_;
  client::Context context_;
  client::Client client_;
  Timer pace_;
};

}  // namespace chirm::chaos

// SPDX-License-Identifier: MIT
#pragma once
// A program that publishes through the server API: each publication with an idempotency key, sent
// again through another node until it is acked, and now and then once more, seconds later, as by
// somebody who did not get the answer. It knows what the channel must hold in the end.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "core/base/random.h"
#include "tests/chaos/load_journal.h"

namespace chirm::chaos {

// What is known of one publication; times as in LoadJournal.
struct ApiPublication {
  std::uint64_t due_us = 0;
  std::uint64_t acked_us = 0;
  std::uint64_t asked_us = 0;  // when it was sent last
  std::uint64_t offset = 0;    // of the first ack
  std::string epoch;
};
using ApiPublications = std::map<std::string, ApiPublication>;  // by key

// What is wrong with a history (the API's answer, as JSON) in which they should be, each once.
std::vector<Violation> compare_history(const ApiPublications& published,
                                       const std::string& history);

class ApiTraffic {
 public:
  static constexpr const char* kKey = "the key of chaos";  // --api-key of the nodes

  // Publishes, on a thread of its own, into a channel that clients follow.
  ApiTraffic(std::vector<std::uint16_t> node_ports, std::uint64_t seed);
  ~ApiTraffic();

  // Every node is up: the traffic is to end, and to be compared with the history. That of another
  // channel is read, too.
  void begin_end(std::string other_channel) {
    other_channel_ = std::move(other_channel);
    is_stopping_ = true;
  }
  bool has_ended() const { return has_ended_; }
  // Whether anything was acked so far.
  bool has_begun() const { return has_begun_; }
  // Ended: what is wrong, and how many were acked, and asked for again after that.
  const std::vector<Violation>& found() const { return found_; }
  std::size_t acked() const { return published_.size(); }
  std::size_t repeated() const { return repeated_; }
  // The history of the channel that was asked for, as JSON.
  const std::string& other_history() const { return other_history_; }

 private:
  struct Repeat {
    std::uint64_t due_us;
    std::string key;
  };

  void run();
  void publish_next();
  void audit();
  std::string read_history(const std::string& channel);
  std::string find_channel();
  // True when it was acked.
  bool publish(const std::string& key);
  void repeat_what_is_due();
  // The answer's body, "" when there was none in time.
  std::string call(const std::string& method, const std::string& parameters);

  const std::vector<std::uint16_t> node_ports_;
  std::string other_channel_;
  Random random_;
  std::string channel_;
  std::string other_history_;
  std::uint64_t count_ = 0;
  std::size_t repeated_ = 0;
  ApiPublications published_;
  std::vector<Repeat> repeats_;
  std::vector<Violation> found_;
  std::atomic<bool> is_stopping_ = false;
  std::atomic<bool> has_begun_ = false;
  std::atomic<bool> has_ended_ = false;  // after which the thread touches nothing
  std::thread thread_;                   // last: it uses all of the others
};

}  // namespace chirm::chaos

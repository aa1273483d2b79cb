// SPDX-License-Identifier: MIT
#pragma once
// The store of the model: a real Redis that runs the real scripts, one at a time, from any content
// that it ever had. What a script does depends on nothing but the content, the script and its
// arguments, so each such step is done once and remembered: millions of states of the whole system
// take some ten thousand steps of Redis.
//
// One thing a script reads besides: the clock. Where its text has redis.call('TIME'), the model
// puts a key that it sets before.

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "tests/support/redis_server.h"

struct redisContext;
struct redisReply;

namespace chirm::model {

// What a script has answered.
struct Answer {
  bool is_error = false;
  std::int64_t integer = 0;
  std::string text;  // of a string or an error
  std::vector<Answer> elements;

  std::size_t size() const { return elements.size(); }
  // Absent: an empty one, as RedisReply does.
  const Answer& operator[](std::size_t index) const;
};

struct Call {
  std::string_view script;
  std::size_t keys = 0;                 // so many of the words
  std::vector<std::string> words = {};  // KEYS, then ARGV
  std::uint64_t time_s = 0;             // what the clock says
};

// Some of what a content says, for those who look at the store from above.
struct StoreView {
  std::string epoch;  // "": the channel has no hash
  std::uint64_t top = 0;
  std::uint64_t found_true = 0;                  // the hash's l
  std::map<std::uint64_t, std::string> entries;  // of the stream
  std::map<std::string, std::string> life;
};

class SteppedStore {
 public:
  // The number of a content. Two are equal exactly when their data are.
  using Content = std::uint32_t;
  struct Step {
    Content content;
    Answer answer;
  };
  static constexpr Content kEmpty = 0;

  SteppedStore();
  ~SteppedStore();
  SteppedStore(const SteppedStore&) = delete;
  SteppedStore& operator=(const SteppedStore&) = delete;

  // Both are valid until the store is destroyed.
  const Step& run(Content from, const Call& call);
  const StoreView& view(Content content) const { return views_[content]; }
  // What the content is, in words: one line a key.
  std::string describe(Content content) const;

  std::size_t steps() const { return steps_.size(); }
  std::size_t contents() const { return contents_.size(); }

 private:
  struct Key {
    std::string name;
    std::string type;
    std::vector<std::string> items;  // sorted, where Redis promises no order
  };
  using Keys = std::vector<Key>;  // by name

  Step run_in_redis(Content from, const Call& call);
  void append(const std::vector<std::string>& words);
  redisReply* next_reply();
  void take_reply();
  std::size_t append_content(Content content);
  const std::string& hash_of(std::string_view script);
  Keys read_keys(const redisReply* reply) const;
  Content number_of(Keys keys);
  static StoreView view_of(const Keys& keys);

  testing::RedisServer server_;
  redisContext* redis_ = nullptr;
  std::string dump_hash_;
  std::map<std::string_view, std::string> hashes_;  // of scripts, by their text
  std::vector<Keys> contents_;
  std::deque<StoreView> views_;  // never moves
  std::unordered_map<std::string, Content> numbers_;
  std::unordered_map<std::string, Step> steps_;
  Content current_ = kEmpty;  // what Redis holds
};

}  // namespace chirm::model

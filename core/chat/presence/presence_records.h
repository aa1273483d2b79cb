// SPDX-License-Identifier: MIT
#pragma once
// What nodes tell each other about sets (presence_sets.h), as bytes. Pure. A record is a letter
// and its fields:
//
//   hello    'h', is an answer wanted     forget what I watched; what I watch now follows
//   watch    'w', set       tell me your part, and what changes in it
//   unwatch  'u', set
//   came     '+', set, key, value
//   went     '-', set, key
//   counts   'n', set, clients, users     my part is too large for a list
//   list     'l', set, number of the piece, is it the last, items: keys and values

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace chirm {

struct PresenceCounts {
  std::uint64_t clients = 0;
  std::uint64_t users = 0;  // each once a node
};

struct PresenceList {
  std::string_view set;
  std::uint32_t piece;  // 0, 1, …
  bool is_last;
  std::string_view items;  // for read_presence_items()
};

using PresenceItem = std::function<void(std::string_view key, std::string_view value)>;

// Calls item() for each of a list's items, as far as they make sense.
void read_presence_items(std::string_view items, const PresenceItem& item);

class PresenceRecordReader {
 public:
  // Calls the functions below for each record. At the first that makes no sense the rest of the
  // message is dropped: a node of another version may have sent it. Views are valid within the
  // call.
  void read(std::string_view message);

 protected:
  ~PresenceRecordReader() = default;
  virtual void on_hello(bool wants_answer) = 0;
  virtual void on_watch(std::string_view set) = 0;
  virtual void on_unwatch(std::string_view set) = 0;
  // value is null when the key has gone.
  virtual void on_change(std::string_view set, std::string_view key,
                         const std::string_view* value) = 0;
  virtual void on_counts(std::string_view set, const PresenceCounts& counts) = 0;
  virtual void on_list(const PresenceList& list) = 0;

 private:
  bool read_record(char letter, std::string_view set, std::string_view& rest);
};

// Collects records, and gives them to `send` in messages of about kMessageBytes: it may be called
// within any of these functions.
class PresenceWriter {
 public:
  using Send = std::function<void(std::string_view message)>;
  explicit PresenceWriter(Send send) : send_(std::move(send)) {}

  void hello(bool wants_answer);
  void watch(std::string_view set);
  void unwatch(std::string_view set);
  void came(std::string_view set, std::string_view key, std::string_view value);
  void went(std::string_view set, std::string_view key);
  void counts(std::string_view set, const PresenceCounts& counts);
  // begin_list(), item() for each, end_list(), with nothing else in between. A long list is cut
  // into pieces.
  void begin_list(std::string_view set);
  void item(std::string_view key, std::string_view value);
  void end_list();
  void finish();  // sends the rest

 private:
  void put(char letter, std::string_view set);
  void put_piece(bool is_last);
  void send_if_large();
  void send();

  static constexpr std::size_t kMessageBytes = 64 * 1024;

  Send send_;
  std::string out_;
  bool is_listing_ = false;  // between begin_list() and end_list()
  std::string list_;         // the set whose list is being written
  std::string items_;        // of the piece being written; empty when none is
  std::uint32_t piece_ = 0;
};

}  // namespace chirm

// SPDX-License-Identifier: MIT
#pragma once
// The names and titles of all rooms as this node knows them, in the order of their names, so that
// looking for some among fifty thousand takes no reading of the store. Filled a page at a time from
// the start on, and kept by what the store tells of changes. What is found is only where to look:
// whether somebody may know of a room is said by its record. On the loop's thread. Private to
// core/rooms.

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/task.h"
#include "core/broker/document_store.h"
#include "core/loop/timer.h"
#include "core/rooms/room_store.h"

namespace chirm {

class Loop;

class RoomDirectory final : private DocumentListener {
 public:
  static constexpr std::size_t kLooksMax = 5'000;  // at rooms, in one call of find()

  // All must outlive the directory.
  RoomDirectory(Loop& loop, RoomStore& store, TaskScope& scope);
  ~RoomDirectory();
  RoomDirectory(const RoomDirectory&) = delete;
  RoomDirectory& operator=(const RoomDirectory&) = delete;

  // Whether all rooms of the store have been read once. Until then the store has to be asked.
  bool is_whole() const { return is_whole_; }
  std::size_t size() const { return rooms_.size(); }

  struct Found {
    std::vector<std::string> rooms;
    std::string after;     // the last one that was looked at
    bool is_more = false;  // there are others behind it
  };
  // The next rooms behind `after`, at most `limit`, that have `query` in their name or title ("":
  // all), and which are public and not archived, or which `is_theirs` says.
  Found find(std::string_view query, std::string_view after, std::size_t limit,
             const std::function<bool(std::string_view room)>& is_theirs) const;

  // Ends the process where an invariant does not hold.
  void check() const;

 private:
  struct Entry {
    std::string title;  // in lower case; "" when the name says the same
    bool is_listed = false;
  };
  void fill();
  Task<bool> read_all();
  Task<Result<void>> count_owned(std::vector<NamedDocument> rooms);
  void take_page(const std::string& after, const std::vector<NamedDocument>& page);
  void set(std::string_view room, const Document& document);
  void on_document(std::string_view collection, std::string_view id,
                   const Document& document) override;
  void on_documents_maybe_missed() override;

  RoomStore& store_;
  TaskScope& scope_;
  Timer timer_;  // for what could not be read
  std::map<std::string, Entry, std::less<>> rooms_;
  bool is_whole_ = false;
  bool is_filling_ = false;   // true exactly while read_all() runs
  bool is_outdated_ = false;  // changes may have been missed since read_all() began
  // Told of since read_all() began: newer than what it reads. Empty while it does not run.
  std::set<std::string, std::less<>> told_;
};

}  // namespace chirm

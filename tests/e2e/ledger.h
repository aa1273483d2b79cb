// SPDX-License-Identifier: MIT
#pragma once
// What the publishers of a test had acknowledged: by the server's promise, the log of each channel.

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace chirm::testing {

struct Entry {
  std::uint64_t offset;
  std::string id;  // the message id, data.id

  bool operator==(const Entry&) const = default;
};

class Ledger {
 public:
  // Fails the test when the offset or the id was acknowledged before.
  void add(std::string_view channel, std::uint64_t offset, std::string_view id);

  std::size_t size() const { return ids_.size(); }
  // All entries behind `offset`, in order.
  std::vector<Entry> entries(std::string_view channel, std::uint64_t offset) const;
  // The newest offset, 0 when there is none.
  std::uint64_t top(std::string_view channel) const;
  std::vector<std::string> channels() const;

 private:
  std::map<std::string, std::map<std::uint64_t, std::string>, std::less<>> logs_;
  std::map<std::string, std::uint64_t, std::less<>> ids_;  // channel and id → offset
};

}  // namespace chirm::testing

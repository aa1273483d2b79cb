// SPDX-License-Identifier: MIT
#pragma once
// Which entries of a hash table are looked at in this turn: a few, that is, so that a check at the
// end of each turn costs the same whether the table has ten entries or ten thousand.

#include <algorithm>
#include <cstddef>

namespace chirm {

// A member beside the table that it walks; `mutable`, because check() is const.
class TurnSlice {
 public:
  static constexpr std::size_t kBuckets = 32;  // of a call

  // Visits what is in the next kBuckets buckets, and begins anew behind the last one. A table that
  // does not change is seen whole in bucket_count() / kBuckets calls, rounded up.
  template <class Table, class Visit>
  void visit(const Table& table, Visit visit) {
    const std::size_t buckets = table.bucket_count();
    // All of a small table, but no bucket of it twice.
    for (std::size_t i = 0; i < std::min(kBuckets, buckets); ++i) {
      // A rehash may have left fewer buckets than next_.
      const std::size_t bucket = next_++ % buckets;
      std::for_each(table.begin(bucket), table.end(bucket), visit);
    }
  }

 private:
  std::size_t next_ = 0;
};

}  // namespace chirm

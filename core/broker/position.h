// SPDX-License-Identifier: MIT
#pragma once
// Places in a channel's log. A log numbers its publications 1, 2, 3 … (offset) within an epoch, a
// random name for one life of the numbering.
//
// When a store may have lost the end of a log, offsets may be given a second time, so the epoch
// changes first. What is still there has not changed: who stands there in the old epoch can go on.
//
//   epoch a   1 … 100 | 101 … 150      lost; a client that stands at a:150 has missed something
//   epoch b   1 … 100 | 101 … 130 …    ancestor {a, 100}: a:100 is b:100

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace chirm {

struct Position {
  std::uint64_t offset = 0;  // 0: before the first publication
  std::string epoch;
};

// An earlier epoch of a log, and where that log had got to when its epoch changed: up to this
// offset its publications are those of the log. What lay behind it in the old epoch is not in the
// log.
struct Ancestor {
  std::string epoch;
  std::uint64_t offset = 0;
};

// Where a log stands, and which positions of earlier epochs still are positions in it.
struct LogTop : Position {
  LogTop() = default;
  LogTop(Position position, std::vector<Ancestor> its_ancestors = {})
      : Position(std::move(position)), ancestors(std::move(its_ancestors)) {}
  LogTop(std::uint64_t its_offset, std::string its_epoch)
      : Position{its_offset, std::move(its_epoch)} {}

  // Whether the log has had exactly this at the offset: it is of the log's epoch, or of an earlier
  // one and not behind where that ended. With epoch "", which says nothing, it has.
  bool descends_from(std::string_view its_epoch, std::uint64_t its_offset) const;

  std::vector<Ancestor> ancestors;  // newest first; few
};

}  // namespace chirm

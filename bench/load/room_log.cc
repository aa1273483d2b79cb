// SPDX-License-Identifier: MIT
#include "bench/load/room_log.h"

#include <algorithm>
#include <cstring>

#include "bench/load/server_frame.h"
#include "core/base/check.h"

namespace chirm::load {

namespace {

// A publication further ahead than this is an error of the server and not a gap.
// An offset is used to size the log, so a wrong one must not fill the memory.
constexpr std::uint64_t kGapMax = 1'000'000;

// The finaliser of SplitMix64.
std::uint64_t mix(std::uint64_t x) {
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
  x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
  return x ^ (x >> 31);
}

}  // namespace

RoomLog::Put RoomLog::put(const Publication& publication) {
  const std::uint64_t offset = publication.offset;
  CHIRM_CHECK(publication.key != 0 && offset != 0, publication.key, offset);
  if (offset < begin_) return put_old(publication);
  if (offset < end()) {
    const std::size_t index = index_of(offset);
    if (keys_[index] == publication.key) return Put::kSame;
    // A hole: others were ahead of whoever has received this one.
    if (keys_[index] != 0) return Put::kDifferent;
    keys_[index] = publication.key;
    scheduled_[index] = publication.scheduled_us;
    remember(publication);
    return Put::kNew;
  }
  if (offset - end() > kGapMax) return Put::kAbsurd;
  while (end() < offset) append({});
  append(publication);
  remember(publication);
  return Put::kNew;
}

// Somebody comes from further back than all the others are.
RoomLog::Put RoomLog::put_old(const Publication& publication) {
  const std::uint64_t back = begin_ - publication.offset;
  if (back > kOldKeysMax) return Put::kForgotten;
  while (old_keys_.size() < back) old_keys_.push_front(0);
  std::uint64_t& key = old_keys_[old_keys_.size() - static_cast<std::size_t>(back)];
  if (key == publication.key) return Put::kSame;
  if (key != 0) return Put::kDifferent;
  key = publication.key;
  // The digest is of what follows first_, for all workers that begin there.
  if (publication.offset >= first_) remember(publication);
  return Put::kNew;
}

std::uint64_t RoomLog::key(std::uint64_t offset) const {
  if (offset < oldest() || offset >= end()) return 0;
  if (offset < begin_) return old_keys_[static_cast<std::size_t>(offset - oldest())];
  return keys_[index_of(offset)];
}

void RoomLog::append(const Publication& publication) {
  if (publication.line.empty()) {
    ++without_bytes_;
  } else {
    encoder_.append(bytes_, Opcode::kText, publication.line);
  }
  ends_.push_back(base_ + bytes_.size());
  keys_.push_back(publication.key);
  scheduled_.push_back(publication.scheduled_us);
}

void RoomLog::remember(const Publication& publication) {
  ++known_;
  // A sum, for workers see publications in different orders; mixed twice, so that two that have
  // changed places do not add up to the same.
  digest_ += mix(publication.key + mix(publication.offset));
}

std::uint64_t RoomLog::place_of(std::uint64_t key) const {
  // Only the recent ones are of interest: whoever gets an unnumbered one twice gets it soon.
  const auto found = std::find(keys_.rbegin(), keys_.rend(), key);
  if (found == keys_.rend()) return end();
  return end() - 1 - static_cast<std::uint64_t>(found - keys_.rbegin());
}

RoomLog::Run RoomLog::match(std::uint64_t offset, std::string_view bytes) const {
  if (offset < begin_ || offset >= end()) return {};
  const std::size_t first = index_of(offset);
  const std::uint64_t start = start_of(first);
  const std::uint64_t limit = start + bytes.size();
  std::size_t last = ends_.size();  // behind the last candidate
  // Whole frames only: the last one that ends within the bytes. Most often that is the very last of
  // the log, which needs no search.
  if (ends_.back() > limit) {
    const auto begin = ends_.begin() + static_cast<std::ptrdiff_t>(first);
    last = static_cast<std::size_t>(std::upper_bound(begin, ends_.end(), limit) - ends_.begin());
  }
  // Nothing can be compared beyond a publication whose frame was never seen on its own.
  if (without_bytes_ != 0) {
    for (std::size_t i = first; i < last; ++i) {
      if (ends_[i] == start_of(i)) last = i;
    }
  }
  if (first == last) return {};
  const char* const stored = bytes_.data() + (start - base_);
  const std::size_t size = static_cast<std::size_t>(ends_[last - 1] - start);
  // All of them at once is the usual case; one by one only to find out how far it goes.
  if (std::memcmp(stored, bytes.data(), size) == 0) return {size, last - first};
  Run run;
  while (first + run.publications < last) {
    const auto end = static_cast<std::size_t>(ends_[first + run.publications] - start);
    if (std::memcmp(stored + run.bytes, bytes.data() + run.bytes, end - run.bytes) != 0) break;
    run.bytes = end;
    ++run.publications;
  }
  return run;
}

bool RoomLog::has_line(std::uint64_t offset, std::string_view line) const {
  if (offset < begin_ || offset >= end()) return false;
  const std::size_t index = index_of(offset);
  const std::string_view frame(bytes_.data() + (start_of(index) - base_),
                               static_cast<std::size_t>(ends_[index] - start_of(index)));
  return !frame.empty() && frame.substr(frame_header_bytes(frame)) == line;
}

void RoomLog::trim(std::uint64_t offset) {
  offset = std::min(offset, end());
  if (offset <= begin_) return;
  const std::size_t count = index_of(offset);
  const std::uint64_t position = start_of(count);
  // Those that go are counted no longer; match() goes the quick way again when none is left.
  for (std::size_t i = 0; i < count; ++i) {
    if (ends_[i] == start_of(i)) --without_bytes_;
  }
  const auto drop = [count](std::vector<std::uint64_t>& values) {
    values.erase(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(count));
  };
  old_keys_.insert(old_keys_.end(), keys_.begin(),
                   keys_.begin() + static_cast<std::ptrdiff_t>(count));
  if (old_keys_.size() > kOldKeysMax) {
    const std::size_t excess = old_keys_.size() - kOldKeysMax;
    old_keys_.erase(old_keys_.begin(), old_keys_.begin() + static_cast<std::ptrdiff_t>(excess));
  }
  bytes_.erase(0, static_cast<std::size_t>(position - base_));
  base_ = position;
  drop(ends_);
  drop(keys_);
  drop(scheduled_);
  begin_ = offset;
}

}  // namespace chirm::load

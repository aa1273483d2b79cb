// SPDX-License-Identifier: MIT
#pragma once
// What a room published, in the order of its offsets, as the frames that subscribers receive. The
// frames are kept once, so that verifying a delivery is comparing bytes:
//
//   bytes_   |frame 7 |frame 8   |frame 9 |            a subscriber's next publication is the
//   ends_             ^          ^        ^            start of one of these frames
//   keys_     k7       k8         k9
//
// A publication whose frame was never seen on its own (it came in a recovery) takes no bytes, and
// one that nobody has received yet has key 0: a hole. Of what is trimmed the keys stay for a while,
// so that two who were there at different times can be compared. Pure.

#include <cstddef>
#include <cstdint>
#include <deque>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/ws_encoder.h"

namespace chirm::load {

// A publication as received.
struct Publication {
  std::uint64_t offset = 0;        // 0: the server does not number them
  std::uint64_t key = 0;           // names the message, never 0
  std::uint64_t scheduled_us = 0;  // 0: not one of this run
  std::string_view line;           // its JSON object as received, "" when not known
};

class RoomLog {
 public:
  // The log starts behind `offset`: what is before is nobody's concern.
  explicit RoomLog(std::uint64_t offset) : begin_(offset + 1), first_(offset + 1) {}

  enum class Put : std::uint8_t {
    kNew,        // was not known before
    kSame,       // is what the log has at this offset
    kDifferent,  // is not what the log has at this offset
    kForgotten,  // before oldest(): nothing to compare with
    kAbsurd,     // so far ahead that it cannot be
  };
  // Adds a publication with an offset, or compares it.
  Put put(const Publication& publication);

  // The offset of an unnumbered publication: where its key stands, or else the next one.
  std::uint64_t place_of(std::uint64_t key) const;

  struct Run {
    std::size_t bytes = 0;
    std::size_t publications = 0;
  };
  // How much of `bytes` is, byte for byte, the frames from `offset` on. Whole frames only.
  Run match(std::uint64_t offset, std::string_view bytes) const;
  // True when `line` is, byte for byte, the publication at `offset`.
  bool has_line(std::uint64_t offset, std::string_view line) const;
  // When the publications were due. [offset, offset + count) must be in the log.
  std::span<const std::uint64_t> scheduled(std::uint64_t offset, std::size_t count) const {
    return std::span(scheduled_).subspan(static_cast<std::size_t>(offset - begin_), count);
  }

  // Which message is there; 0 when nothing is known of it.
  std::uint64_t key(std::uint64_t offset) const;

  // Forgets the publications before `offset`, but for the newest of their keys.
  void trim(std::uint64_t offset);
  // So many, from begin() back: half a megabyte for a busy room.
  static constexpr std::size_t kOldKeysMax = std::size_t{1} << 16;

  std::uint64_t oldest() const { return begin_ - old_keys_.size(); }  // first one whose key is kept
  std::uint64_t begin() const { return begin_; }                      // first one kept
  std::uint64_t end() const { return begin_ + keys_.size(); }         // behind the last one
  std::uint64_t first() const { return first_; }                      // first one ever
  std::size_t bytes() const { return bytes_.size(); }
  std::uint64_t known() const { return known_; }  // all ever put, without holes
  // A digest of (offset, key) of all that was ever put, whatever the order of arrival.
  std::uint64_t digest() const { return digest_; }

 private:
  Put put_old(const Publication& publication);
  void append(const Publication& publication);
  void remember(const Publication& publication);
  std::size_t index_of(std::uint64_t offset) const {
    return static_cast<std::size_t>(offset - begin_);
  }
  std::uint64_t start_of(std::size_t index) const { return index == 0 ? base_ : ends_[index - 1]; }

  std::uint64_t begin_;
  std::uint64_t first_;
  std::uint64_t base_ = 0;  // positions are counted from the first byte ever; this is of bytes_[0]
  std::string bytes_;
  std::vector<std::uint64_t> ends_;  // positions, one per publication
  std::vector<std::uint64_t> keys_;
  std::deque<std::uint64_t> old_keys_;  // of [oldest(), begin_)
  std::vector<std::uint64_t> scheduled_;
  std::size_t without_bytes_ = 0;  // how many of those kept take no bytes
  std::uint64_t known_ = 0;
  std::uint64_t digest_ = 0;
  WsEncoder encoder_{WsRole::kServer};
};

}  // namespace chirm::load

// SPDX-License-Identifier: MIT
#pragma once
// The tail of a channel's log as this node holds it: each publication once, encoded as the frame
// that every subscriber gets, adjacent in memory. A subscriber is an offset into it.
//
//   segments   [ f101 f102 f103 ][ f104 f105 … f150 ][ f151 … f157 |  free  ]
//              first() == 101 ^                        top().offset == 157 ^
//
// Bytes never move while a segment lives. The oldest segments go when the tail exceeds its limit;
// who stands before first() - 1 has fallen off the tail.

#include <sys/uio.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/broker/broker.h"

namespace chirm {

class WsEncoder;

class ChannelLog {
 public:
  // What a gather() found: bytes for the socket, and the offset up to which they go.
  struct Gathered {
    std::size_t bytes = 0;
    std::uint64_t to = 0;
  };
  // Where byte n of gathered bytes is.
  struct Cut {
    std::uint64_t offset;   // of the last frame that lies before the cut completely
    std::string_view rest;  // of the frame that the cut goes through; empty at a boundary
  };

  // encoder: a server's; must outlive the log.
  ChannelLog(std::string channel, WsEncoder& encoder);

  // Empties the tail; the next publication has offset top.offset + 1.
  void reset(LogTop top);
  // The publication behind top(), and when it came by a clock of the caller's.
  void append(std::string_view body, std::uint32_t arrived = 0);
  // Older publications, in order, the last of them right before first(). They become one segment.
  void prepend(std::span<const Publication> older);
  // Drops the oldest segments as long as `bytes_wanted` remain, but never the newest: a reader that
  // is less than that behind is never dropped with them, and one segment more is held at most.
  void trim(std::size_t bytes_wanted);

  // Gives the publication there another body; does nothing when it is not here.
  void replace(std::uint64_t offset, std::string_view body);
  // Drops what there is up to `offset`.
  void drop(std::uint64_t offset);

  const std::string& channel() const { return channel_; }
  const LogTop& top() const { return top_; }
  std::uint64_t first() const {  // top().offset + 1 when the tail is empty
    return segments_.empty() ? top_.offset + 1 : segments_.front().first;
  }
  std::size_t bytes() const { return bytes_; }
  // What append() was told of this publication; 0 when it is not in the tail or came otherwise.
  std::uint32_t arrived(std::uint64_t offset) const;
  // Of a publication, on average, among the oldest here; 0 when there is none.
  std::size_t publication_bytes() const {
    return segments_.empty() ? 0 : segments_.front().bytes.size() / segments_.front().ends.size();
  }
  // Whether all publications behind `offset` are in the tail.
  bool covers(std::uint64_t offset) const { return offset + 1 >= first() && offset <= top_.offset; }

  // Appends to `out` the frames behind `offset`, which the tail must cover, a piece a segment: as
  // many as fit bytes_max, and at least one.
  Gathered gather(std::uint64_t offset, std::size_t bytes_max, std::vector<iovec>& out) const;
  // Publications behind `offset`, as many as the tail holds and bytes_max bytes of bodies allow,
  // but at least one. The tail need not cover `offset`: then it starts at first().
  std::vector<Publication> publications(std::uint64_t offset, std::size_t bytes_max) const;
  // Where `byte` bytes behind the frame of `offset` are. The tail must cover them.
  Cut cut(std::uint64_t offset, std::size_t byte) const;

  // Looks at each segment, not at each frame.
  void check() const;

 private:
  struct Segment {
    std::uint64_t first = 0;          // offset of its first frame
    std::string bytes;                // capacity is reserved once and never exceeded
    std::vector<std::uint32_t> ends;  // of each frame, in bytes
    // When its first frames arrived. Fewer than frames, or none, when they came from history.
    std::vector<std::uint32_t> arrived;

    std::uint64_t end() const { return first + ends.size(); }  // offset behind its last frame
    std::size_t room() const { return bytes.capacity() - bytes.size(); }
    std::size_t begin_of(std::uint64_t offset) const {
      return offset == first ? 0 : ends[offset - first - 1];
    }
    std::string_view frame(std::uint64_t offset) const {
      const std::size_t begin = begin_of(offset);
      return std::string_view(bytes).substr(begin, ends[offset - first] - begin);
    }
  };

  void add_frame(Segment& segment, std::string_view payload);
  static void drop_frames(Segment& segment, std::uint64_t offset);
  std::string_view body_in(std::string_view frame, std::uint64_t offset) const;
  std::size_t segment_holding(std::uint64_t offset) const;

  std::string channel_;
  WsEncoder& encoder_;
  std::vector<Segment> segments_;  // few; an empty deque would take 600 bytes a channel
  LogTop top_;
  std::size_t bytes_ = 0;  // of all segments, reserved
};

}  // namespace chirm

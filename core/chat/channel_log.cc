// SPDX-License-Identifier: MIT
#include "core/chat/channel_log.h"

#include <algorithm>
#include <utility>

#include "core/base/check.h"
#include "protocol/message.h"
#include "protocol/ws_encoder.h"

namespace chirm {

namespace {
// A quiet room keeps little, a busy one fills few, large segments.
constexpr std::size_t kSegmentBytesMin = 2 * 1024;
constexpr std::size_t kSegmentBytesMax = 64 * 1024;
constexpr std::size_t kPushOverhead = 64;    // around a body and its channel's name, about
constexpr std::size_t kFrameHeaderMax = 14;  // RFC 6455 §5.2; WsEncoder::append() wants that room

// A frame's payload, built once a publication; reused, so that it allocates rarely.
std::string& scratch() {
  thread_local std::string buffer;
  buffer.clear();
  return buffer;
}
}  // namespace

ChannelLog::ChannelLog(std::string channel, WsEncoder& encoder)
    : channel_(std::move(channel)), encoder_(encoder) {}

void ChannelLog::reset(LogTop top) {
  std::vector<Segment>().swap(segments_);
  bytes_ = 0;
  top_ = std::move(top);
}

// A segment's string never grows beyond what it has reserved, because a write that is under way
// points into it: a frame that does not fit begins the next segment.
void ChannelLog::append(std::string_view body, std::uint32_t arrived) {
  const std::uint64_t offset = top_.offset + 1;
  std::string& payload = scratch();
  append_publication_push(payload, channel_, body, offset);
  const std::size_t frame_max = payload.size() + kFrameHeaderMax;
  if (segments_.empty() || segments_.back().room() < frame_max) {
    const std::size_t previous = segments_.empty() ? 0 : segments_.back().bytes.capacity();
    Segment& fresh = segments_.emplace_back();
    fresh.first = offset;
    fresh.bytes.reserve(
        std::max(frame_max, std::clamp(2 * previous, kSegmentBytesMin, kSegmentBytesMax)));
    bytes_ += fresh.bytes.capacity();
  }
  const std::size_t capacity = segments_.back().bytes.capacity();
  add_frame(segments_.back(), payload);
  Segment& newest = segments_.back();
  newest.arrived.resize(newest.ends.size());
  newest.arrived.back() = arrived;
  CHIRM_CHECK(segments_.back().bytes.capacity() == capacity, capacity, frame_max);
  top_.offset = offset;
}

// The overhead of a frame is an estimate that is never too low for usual bodies. Should it be, the
// string grows, which does no harm: nobody has a pointer into it yet.
void ChannelLog::prepend(std::span<const Publication> older) {
  if (older.empty()) return;
  CHIRM_CHECK(older.back().offset + 1 == first(), older.back().offset, first());
  Segment segment;
  segment.first = older.front().offset;
  std::size_t bytes = 0;
  for (const Publication& publication : older) bytes += publication.body.size();
  const std::size_t overhead = channel_.size() + kFrameHeaderMax + kPushOverhead;
  segment.bytes.reserve(bytes + older.size() * overhead);
  segment.ends.reserve(older.size());
  for (const Publication& publication : older) {
    std::string& payload = scratch();
    append_publication_push(payload, channel_, publication.body, publication.offset);
    add_frame(segment, payload);
  }
  bytes_ += segment.bytes.capacity();
  segments_.insert(segments_.begin(), std::move(segment));
}

void ChannelLog::add_frame(Segment& segment, std::string_view payload) {
  encoder_.append(segment.bytes, Opcode::kText, payload);
  segment.ends.push_back(static_cast<std::uint32_t>(segment.bytes.size()));
}

// Whole segments, so that no byte is moved and no offset within one changes.
void ChannelLog::trim(std::size_t bytes_wanted) {
  while (segments_.size() > 1) {
    const std::size_t oldest = segments_.front().bytes.capacity();
    if (bytes_ - oldest < bytes_wanted) return;
    bytes_ -= oldest;
    segments_.erase(segments_.begin());
  }
}

// In a copy of its segment: the frames behind it move when the body is longer or shorter. Who was
// sent a part of the old frame has the rest of that in its private lane.
void ChannelLog::replace(std::uint64_t offset, std::string_view body) {
  if (offset < first() || offset > top_.offset) return;
  std::string& payload = scratch();
  append_publication_push(payload, channel_, body, offset);
  Segment& old = segments_[segment_holding(offset)];
  const std::size_t begin = old.begin_of(offset);
  const std::size_t end = old.ends[offset - old.first];
  Segment fresh;
  fresh.first = old.first;
  fresh.arrived = old.arrived;
  fresh.bytes.reserve(std::max(
      old.bytes.capacity(), old.bytes.size() - (end - begin) + payload.size() + kFrameHeaderMax));
  fresh.bytes.append(old.bytes, 0, begin);
  fresh.ends.assign(old.ends.begin(),
                    old.ends.begin() + static_cast<std::ptrdiff_t>(offset - old.first));
  add_frame(fresh, payload);
  const std::size_t new_end = fresh.bytes.size();
  fresh.bytes.append(old.bytes, end);
  for (std::uint64_t one = offset + 1; one < old.end(); ++one) {
    const std::size_t behind = old.ends[one - old.first] - end;
    fresh.ends.push_back(static_cast<std::uint32_t>(new_end + behind));
  }
  bytes_ += fresh.bytes.capacity() - old.bytes.capacity();
  old = std::move(fresh);
}

void ChannelLog::drop(std::uint64_t offset) {
  while (!segments_.empty() && segments_.front().end() - 1 <= offset) {
    bytes_ -= segments_.front().bytes.capacity();
    segments_.erase(segments_.begin());
  }
  if (segments_.empty() || segments_.front().first > offset) return;
  bytes_ -= segments_.front().bytes.capacity();
  drop_frames(segments_.front(), offset);
  bytes_ += segments_.front().bytes.capacity();
}

// The rest moves to memory of its own, so that the segment can still be appended to.
void ChannelLog::drop_frames(Segment& segment, std::uint64_t offset) {
  const std::size_t begin = segment.begin_of(offset + 1);
  Segment rest;
  rest.first = offset + 1;
  rest.bytes.reserve(segment.bytes.capacity() - begin);
  rest.bytes.append(segment.bytes, begin);
  for (std::uint64_t one = rest.first; one < segment.end(); ++one) {
    rest.ends.push_back(segment.ends[one - segment.first] - static_cast<std::uint32_t>(begin));
  }
  segment = std::move(rest);
}

std::uint32_t ChannelLog::arrived(std::uint64_t offset) const {
  if (offset < first() || offset > top_.offset) return 0;
  const Segment& segment = segments_[segment_holding(offset)];
  const std::size_t index = offset - segment.first;
  return index < segment.arrived.size() ? segment.arrived[index] : 0;
}

// From the end: nearly all readers stand near the top.
std::size_t ChannelLog::segment_holding(std::uint64_t offset) const {
  std::size_t at = segments_.size() - 1;
  while (segments_[at].first > offset) --at;
  return at;
}

// At least one frame, however large: else a reader of small writes would never get past it. Stops
// at the end of a piece that was cut short, for what follows would leave a hole.
ChannelLog::Gathered ChannelLog::gather(std::uint64_t offset, std::size_t bytes_max,
                                        std::vector<iovec>& out) const {
  Gathered gathered{0, offset};
  if (offset == top_.offset) return gathered;
  CHIRM_CHECK(covers(offset), offset, first(), top_.offset);
  for (std::size_t at = segment_holding(offset + 1); at < segments_.size(); ++at) {
    const Segment& segment = segments_[at];
    const std::size_t begin = segment.begin_of(gathered.to + 1);
    std::size_t end = segment.bytes.size();
    std::uint64_t to = segment.end() - 1;
    if (gathered.bytes + (end - begin) > bytes_max) {  // as many whole frames as fit, or one
      const auto fits = std::upper_bound(segment.ends.begin(), segment.ends.end(),
                                         begin + (bytes_max - gathered.bytes));
      auto frames = static_cast<std::size_t>(fits - segment.ends.begin());
      if (segment.first + frames == gathered.to + 1) {
        if (gathered.bytes > 0) break;
        ++frames;
      }
      to = segment.first + frames - 1;
      end = segment.ends[frames - 1];
    }
    out.push_back({const_cast<char*>(segment.bytes.data()) + begin, end - begin});
    gathered.bytes += end - begin;
    gathered.to = to;
    if (to + 1 != segment.end() || gathered.bytes >= bytes_max) break;
  }
  return gathered;
}

std::vector<Publication> ChannelLog::publications(std::uint64_t offset,
                                                  std::size_t bytes_max) const {
  std::vector<Publication> found;
  if (segments_.empty() || offset >= top_.offset) return found;
  std::uint64_t next = std::max(offset + 1, first());
  std::size_t bytes = 0;
  for (std::size_t at = segment_holding(next); at < segments_.size(); ++at) {
    for (const Segment& segment = segments_[at]; next < segment.end(); ++next) {
      const std::string_view body = body_in(segment.frame(next), next);
      bytes += body.size();
      if (bytes > bytes_max && !found.empty()) return found;
      found.push_back({next, std::string(body)});
    }
  }
  return found;
}

// What append_publication_push() was given when add_frame() made the frame. Taken out of it again
// rather than kept beside it: bodies are asked for only when a store has lost them.
std::string_view ChannelLog::body_in(std::string_view frame, std::uint64_t offset) const {
  const auto length = static_cast<unsigned char>(frame[1]);  // RFC 6455 §5.2; never masked
  frame.remove_prefix(length < 126 ? 2 : length == 126 ? 4 : 10);
  std::string& empty = scratch();  // the same push without a body
  const std::size_t begin = append_publication_push(empty, channel_, {}, offset) + 1;
  if (frame.size() == empty.size()) return {};
  const std::size_t behind = empty.size() - begin + 1;  // with the comma before the offset
  return frame.substr(begin, frame.size() - begin - behind);
}

ChannelLog::Cut ChannelLog::cut(std::uint64_t offset, std::size_t byte) const {
  CHIRM_CHECK(byte == 0 || covers(offset), offset, first(), top_.offset);
  std::uint64_t done = offset;
  for (std::size_t at = segment_holding(offset + 1); byte > 0; ++at) {
    const Segment& segment = segments_[at];
    const std::size_t target = segment.begin_of(done + 1) + byte;
    if (target >= segment.bytes.size()) {
      byte = target - segment.bytes.size();
      done = segment.end() - 1;
      continue;
    }
    const auto end = std::upper_bound(segment.ends.begin(), segment.ends.end(), target);
    const std::uint64_t through =
        segment.first + static_cast<std::uint64_t>(end - segment.ends.begin());
    if (segment.begin_of(through) == target) return {through - 1, {}};
    return {through - 1, std::string_view(segment.bytes).substr(target, *end - target)};
  }
  return {done, {}};
}

void ChannelLog::check() const {
  std::size_t bytes = 0;
  std::uint64_t next = first();
  for (const Segment& segment : segments_) {
    CHIRM_CHECK(!segment.ends.empty() && segment.first == next, channel_, segment.first, next);
    CHIRM_CHECK(segment.ends.back() == segment.bytes.size(), channel_, segment.bytes.size());
    CHIRM_CHECK(segment.arrived.size() <= segment.ends.size(), channel_, segment.arrived.size());
    next = segment.end();
    bytes += segment.bytes.capacity();
  }
  CHIRM_CHECK(next == top_.offset + 1, channel_, next, top_.offset);
  CHIRM_CHECK(bytes == bytes_, channel_, bytes, bytes_);
}

}  // namespace chirm

// SPDX-License-Identifier: MIT
#include "bench/load/follower.h"

#include <algorithm>

#include "bench/load/server_frame.h"
#include "protocol/lines.h"

namespace chirm::load {

namespace {
// Offsets that a subscriber is known to miss; beyond that it is counted as lost at once.
constexpr std::size_t kMissingMax = 100'000;
}  // namespace

void Follower::on_joined(const Joined& how) {
  Epoch& epoch = room_.epoch(how.epoch, how.offset);
  epoch.named_us = std::max(epoch.named_us, how.at_us);
  const bool is_first = epoch_ == nullptr;
  // Recovered: what was missed comes next, in order, as if the connection had not been lost. Should
  // the next publication leave something out, the server has not kept its word (take_one()).
  // So it is in another epoch that goes on from this one, exactly where this subscriber stands.
  const bool goes_on = epoch_ == &epoch || (epoch_ != nullptr && how.offset + 1 == next_);
  if (how.recovered && goes_on && next_ != 0) {
    if (epoch_ != &epoch) room_.note_recovered(*epoch_, epoch, how.offset);
    epoch_ = &epoch;
    has_just_recovered_ = true;
    return;
  }
  // Before the first reply, or from somewhere else, there is nothing that could be recovered.
  if (how.recovered) room_.violate(&Violations::false_recovered, &epoch, how.offset);
  if (!is_first) room_.note_reset(epoch, how.offset, how.gone_us);
  // How much it was told to have missed can be counted only where both offsets are of one log.
  if (epoch_ == &epoch && next_ != 0 && how.offset >= next_) {
    room_.tally().counts.missed += how.offset + 1 - next_;
  }
  // Not lost is what it was told it missed; a gap that was presented as continuity before is.
  if (!missing_.empty()) {
    room_.violate(&Violations::lost, epoch_, missing_.front(), 0, missing_.size());
  }
  missing_.clear();
  epoch_ = &epoch;
  if (!how.epoch.empty()) {
    next_ = how.offset + 1;
  } else {
    // A server without history does not say where one stands. A newcomer owes itself what comes.
    next_ = is_first ? epoch.log.end() : 0;
  }
}

std::size_t Follower::take(std::string_view bytes, std::uint64_t now_us) {
  if (epoch_ == nullptr) return 0;
  std::size_t taken = 0;
  while (taken < bytes.size()) {
    const std::string_view rest = bytes.substr(taken);
    // The usual case, and what makes one generator enough for many clients: somebody else of the
    // room has received these bytes before, so they are compared, not decoded.
    if (next_ != 0) {
      const RoomLog::Run run = epoch_->log.match(next_, rest);
      if (run.publications != 0) {
        take_logged(run.publications, now_us);
        taken += run.bytes;
        continue;
      }
    }
    // A first delivery, several lines in one frame, or not for us: whatever stops here, the rest
    // goes to the client library, which judges it.
    const auto frame = read_frame(rest);
    if (!frame || !is_text_message(frame->all) || !take_lines(frame->payload, now_us)) break;
    taken += frame->all.size();
  }
  return taken;
}

// Takes all lines or, when one of them is not a publication of the room, none.
bool Follower::take_lines(std::string_view payload, std::uint64_t now_us) {
  // Looked at first as a whole: a reply among the lines is the client library's, which needs the
  // frame as it came.
  const std::string& prefix = room_.line_prefix();
  bool are_all_publications = true;
  const bool is_fine = for_each_line(payload, [&](std::string_view line) {
    are_all_publications &= line.starts_with(prefix);
    return are_all_publications;
  });
  if (!is_fine || !are_all_publications) return false;
  std::size_t lines = 0;
  for_each_line(payload, [&](std::string_view line) {
    if (epoch_->log.has_line(next_, line)) {
      take_logged(1, now_us);
    } else if (const auto publication = room_.decode(line)) {
      take_one(*publication, now_us);
    } else if (lines == 0) {
      return false;  // nothing was taken yet: the client shall judge it
    } else {
      room_.violate(&Violations::altered, epoch_, next_);
    }
    ++lines;
    return true;
  });
  return lines != 0;
}

void Follower::take_logged(std::size_t count, std::uint64_t now_us) {
  Tally& tally = room_.tally();
  for (const std::uint64_t scheduled_us : epoch_->log.scheduled(next_, count)) {
    record(scheduled_us, now_us);
  }
  tally.counts.delivered += count;
  next_ += count;
  has_just_recovered_ = false;
}

void Follower::record(std::uint64_t scheduled_us, std::uint64_t now_us) {
  Tally& tally = room_.tally();
  if (is_timed_ && scheduled_us >= tally.measure_from_us)
    tally.delivery.record(now_us - scheduled_us);
}

void Follower::take(std::string_view data, std::uint64_t offset, std::uint64_t now_us) {
  if (epoch_ != nullptr) take_one(room_.identify(data, offset), now_us);
}

void Follower::take_one(const Publication& publication, std::uint64_t now_us) {
  Tally& tally = room_.tally();
  const std::uint64_t offset = room_.log(*epoch_, publication);
  // Nobody has said where one stands (a server without history): the first one says it.
  if (next_ == 0) next_ = offset;
  if (offset < next_) {
    // One that was missing comes after all: late is wrong, too, but it is another wrong than twice.
    const auto late = std::lower_bound(missing_.begin(), missing_.end(), offset);
    if (late == missing_.end() || *late != offset) {
      room_.violate(&Violations::duplicated, epoch_, offset, publication.scheduled_us);
      return;
    }
    missing_.erase(late);
    room_.violate(&Violations::reordered, epoch_, offset, publication.scheduled_us);
  } else {
    if (offset > next_ && has_just_recovered_) {
      room_.violate(&Violations::false_recovered, epoch_, next_);
    }
    // Not lost yet: it may still come, out of order. What is missing at the end is lost (audit()).
    for (; next_ < offset; ++next_) {
      if (missing_.size() == kMissingMax) {
        room_.violate(&Violations::lost, epoch_, next_, 0, offset - next_);
        break;
      }
      missing_.push_back(next_);
    }
    next_ = offset + 1;
  }
  has_just_recovered_ = false;
  ++tally.counts.delivered;
  record(publication.scheduled_us, now_us);
}

bool Follower::starts_publication(std::string_view bytes) const {
  const std::size_t header = frame_header_bytes(bytes);
  return header != 0 && is_text_message(bytes) && bytes.size() > header &&
         bytes.substr(header).starts_with(room_.line_prefix());
}

std::uint64_t Follower::missing_before(std::uint64_t end) const {
  return missing_.size() + (next_ != 0 && next_ < end ? end - next_ : 0);
}

void Follower::audit(std::uint64_t end) {
  const std::uint64_t lost = missing_before(end);
  if (lost == 0) return;
  room_.violate(&Violations::lost, epoch_, missing_.empty() ? next_ : missing_.front(), 0, lost);
}

}  // namespace chirm::load

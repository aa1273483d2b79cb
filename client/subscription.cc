// SPDX-License-Identifier: MIT
#include "client/subscription.h"

#include <algorithm>

namespace chirm::client {

Subscription::Verdict Subscription::take(std::uint64_t publication_offset) {
  if (publication_offset == 0) return Verdict::kNew;  // not stored, in no order with the log
  // Where nothing can be recovered, a gap cannot be closed: what comes is taken as it is.
  if (!is_recoverable) {
    offset = publication_offset;
    return Verdict::kNew;
  }
  if (publication_offset <= offset) return Verdict::kDuplicate;
  if (publication_offset > offset + 1) return Verdict::kGap;
  offset = publication_offset;
  backoff.reset();  // progress: the next gap is worth an attempt at once
  return Verdict::kNew;
}

void Subscription::start(const PositionView& position, bool recoverable,
                         std::span<const PublicationView> publications) {
  state = State::kSubscribed;
  is_recoverable = recoverable;
  epoch = position.epoch;
  offset = position.offset;
  // The position is behind the publications that come along: they are taken from the first one on.
  if (!publications.empty() && publications.front().offset != 0) {
    offset = std::min(offset, publications.front().offset - 1);
  }
}

}  // namespace chirm::client

// SPDX-License-Identifier: MIT
#include "bench/load/member.h"

#include <algorithm>
#include <utility>

#include "bench/load/clock.h"
#include "bench/load/server_frame.h"

namespace chirm::load {

Member::Member(std::uint32_t number, Room& room, MemberEvents& events, client::Context& context,
               client::Options options)
    : number_(number),
      room_(room),
      events_(events),
      follower_(room),
      client_(context, std::move(options), *this) {}

void Member::start(bool is_watching) {
  started_us_ = now_us();
  client_.subscribe(room_.channel(), {.join_leave = is_watching});
  client_.connect();
}

void Member::publish_as(const MessageId& author) {
  publisher_ = std::make_unique<Publisher>(author, room_.channel(), room_.tally());
}

void Member::publish(std::uint64_t due_us, std::string_view text) {
  const MessageId id = publisher_->next(due_us);
  std::string payload;
  append_payload(payload, id, text);
  client_.publish(room_.channel(), payload, [this, id](const auto& published) {
    if (published) {
      room_.note_acked(published->epoch, published->offset, id);
      publisher_->on_acked(
          id.sequence, {.offset = published->offset, .epoch = published->epoch, .at_us = now_us()});
    } else {
      publisher_->on_failed(id.sequence);
      events_.on_failed(published.error().message);
    }
    events_.on_settleable(*this);
  });
}

void Member::churn(bool is_graceful) {
  // The library tells of the end while this runs: on_disconnected() has to know that it was wanted.
  is_churning_ = true;
  if (is_graceful) {
    client_.disconnect();
    client_.connect();
  } else {
    client_.drop_connection();
  }
  is_churning_ = false;
}

Socket Member::vanish() {
  is_churning_ = true;
  Socket abandoned = client_.abandon_connection();
  is_churning_ = false;
  return abandoned;
}

void Member::stall(bool is_stalled) {
  is_stalled_ = is_stalled;
  client_.pause_reading(is_stalled);
}

std::uint64_t Member::behind() const {
  const Epoch* const epoch = follower_.epoch();
  return epoch == nullptr || epoch->log.end() <= follower_.next()
             ? 0
             : epoch->log.end() - follower_.next();
}

void Member::on_logged(std::uint32_t sequence, std::uint64_t offset) {
  publisher_->on_logged(sequence, offset);
  events_.on_settleable(*this);
}

Publisher::Released Member::settle() { return publisher_->settle(follower_.next()); }

void Member::audit_publisher() {
  if (publisher_) publisher_->audit();
}

void Member::on_disconnected(const client::Disconnected& why) {
  partial_.clear();
  // An outage begins when the first connection is lost, and goes on when the next one is lost
  // before everything was there.
  if (std::exchange(is_subscribed_, false)) {
    caught_up_at_ = 0;
    if (outage_.gone_us == 0) outage_.gone_us = now_us();
  }
  events_.on_gone(*this, is_churning_, !why.retry_in_ms && !is_churning_, why.reason);
}

void Member::on_subscribed(std::string_view channel, const client::Subscribed& how) {
  if (channel != room_.channel()) return;  // its inbox
  const bool was_subscribed = std::exchange(is_subscribed_, true);
  follower_.on_joined({.offset = how.offset,
                       .epoch = how.epoch,
                       .was_recovering = how.was_recovering,
                       .recovered = how.recovered,
                       .at_us = now_us(),
                       .gone_us = was_subscribed ? 0 : outage_.gone_us});
  // Its own messages that others have received may be in the gap: they will not come back.
  if (has_joined_ && !how.recovered && publisher_) publisher_->on_reset();
  if (!std::exchange(has_joined_, true)) {
    events_.on_joined(*this);
  } else if (was_subscribed) {
    events_.on_resubscribed(*this);
  } else {
    begin_catching_up(how);
  }
}

void Member::begin_catching_up(const client::Subscribed& how) {
  outage_.back_us = now_us();
  outage_.recovered = how.recovered;
  // As far as anybody in this worker has received the room by now. What comes later is not what was
  // missed.
  caught_up_at_ = follower_.epoch()->log.end();
  events_.on_back(*this, how.recovered, outage_.back_us - outage_.gone_us);
  check_caught_up();
}

void Member::check_caught_up() {
  if (caught_up_at_ == 0 || follower_.next() < caught_up_at_) return;
  caught_up_at_ = 0;
  outage_.caught_up_us = now_us();
  events_.on_caught_up(*this, std::exchange(outage_, {}));
}

void Member::on_unsubscribed(std::string_view channel, std::uint32_t code,
                             std::string_view reason) {
  if (channel != room_.channel()) return;
  is_subscribed_ = false;
  events_.on_refused(*this, "not subscribed: " + std::to_string(code) + " " + std::string(reason));
}

void Member::on_publication(std::string_view channel, const PublicationView& publication) {
  if (channel != room_.channel()) return;
  follower_.take(publication.data, publication.offset, now_us());
  on_received();
}

std::size_t Member::on_bytes(std::string_view bytes) {
  // Until then replies come, which are the library's.
  if (!is_subscribed_) return 0;
  const std::uint64_t now = now_us();
  const std::uint64_t next = follower_.next();
  std::size_t taken = partial_.empty() ? 0 : complete_partial(bytes, now);
  taken += follower_.take(bytes.substr(taken), now);
  const std::string_view rest = bytes.substr(taken);
  // The end of what was read most often cuts a frame in two. Kept here, the publication is checked
  // as cheaply as all others when its rest comes; left to the library it would have to be decoded.
  if (partial_.empty() && follower_.starts_publication(rest) && !read_frame(rest)) {
    partial_ = rest;
    taken = bytes.size();
  }
  if (follower_.next() != next) on_received();
  return taken;
}

// Returns how many of the bytes were needed.
std::size_t Member::complete_partial(std::string_view bytes, std::uint64_t now_us) {
  const std::size_t had = partial_.size();
  const std::size_t missing = frame_bytes(partial_) - had;
  partial_.append(bytes.substr(0, missing));
  if (bytes.size() < missing) return bytes.size();
  if (follower_.take(partial_, now_us) == 0) {
    room_.violate(&Violations::altered, follower_.epoch(), follower_.next());
  }
  partial_.clear();
  return missing;
}

void Member::on_received() {
  // The library did not see these publications: without this it would recover from an offset long
  // past.
  client_.advance(room_.channel(), follower_.next() - 1);
  check_caught_up();
  // One of them may be a message of its own.
  if (in_flight() != 0) events_.on_settleable(*this);
}

}  // namespace chirm::load

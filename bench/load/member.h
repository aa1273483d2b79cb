// SPDX-License-Identifier: MIT
#pragma once
// One client of a run: a connection in one room that verifies what it receives and, perhaps,
// publishes. Lives on its worker's loop.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "bench/load/follower.h"
#include "bench/load/journal.h"
#include "bench/load/publisher.h"
#include "client/client.h"
#include "core/base/intrusive_list.h"

namespace chirm::client {
struct Context;
}

namespace chirm::load {

struct SettleTag;
class Member;

// What a member tells its worker.
class MemberEvents {
 public:
  virtual void on_joined(Member& member) = 0;
  // Subscribed again after its connection was lost.
  virtual void on_back(Member& member, bool recovered, std::uint64_t away_us) = 0;
  // … and has everything that was known of the room by then.
  virtual void on_caught_up(Member& member, const Outage& outage) = 0;
  virtual void on_resubscribed(Member& member) = 0;
  // The connection is gone; is_final: for good. wanted: it was the churn.
  virtual void on_gone(Member& member, bool wanted, bool is_final, std::string_view why) = 0;
  virtual void on_refused(Member& member, std::string_view why) = 0;
  // A message failed.
  virtual void on_failed(std::string_view why) = 0;
  // A message was acked, failed or came back: settle() may release some.
  virtual void on_settleable(Member& member) = 0;

 protected:
  ~MemberEvents() = default;
};

// Many functions: most of them are what its worker asks in one line.
class Member final : public client::Events, public ListHook<SettleTag> {
 public:
  // The references must outlive the member.
  Member(std::uint32_t number, Room& room, MemberEvents& events, client::Context& context,
         client::Options options);

  void start(bool is_watching);  // who comes and goes
  // Makes it a publisher.
  void publish_as(const MessageId& author);
  void publish(std::uint64_t due_us, std::string_view text);
  // Loses the connection, or closes it, and comes back.
  void churn(bool is_graceful);

  // Goes away without closing, and comes back on a new connection. Returns the old one's socket.
  Socket vanish();
  // Stops reading, or goes on.
  void stall(bool is_stalled);
  bool is_stalled() const { return is_stalled_; }
  // How many publications of its room others have received and it has not.
  std::uint64_t behind() const;

  // For Room::Events.
  void on_logged(std::uint32_t sequence, std::uint64_t offset);
  Publisher::Released settle();
  std::size_t in_flight() const { return publisher_ ? publisher_->in_flight() : 0; }
  std::size_t unanswered() const { return publisher_ ? publisher_->unanswered() : 0; }
  std::uint64_t resent() const { return client_.resent(); }
  void audit_publisher();

  std::uint32_t number() const { return number_; }
  Room& room() { return room_; }
  Follower& follower() { return follower_; }
  const Follower& follower() const { return follower_; }
  bool has_joined() const { return has_joined_; }
  bool is_subscribed() const { return is_subscribed_; }
  bool is_connected() const { return client_.is_connected(); }
  std::uint64_t started_us() const { return started_us_; }
  // Of the present connection, null without TLS. Valid until it ends.
  const TlsSession* tls() const { return client_.tls(); }

 private:
  // client::Events
  void on_connected(std::string_view, std::string_view) override {}
  void on_disconnected(const client::Disconnected& why) override;
  void on_subscribed(std::string_view channel, const client::Subscribed& how) override;
  void on_unsubscribed(std::string_view channel, std::uint32_t code,
                       std::string_view reason) override;
  void on_publication(std::string_view channel, const PublicationView& publication) override;
  std::size_t on_bytes(std::string_view bytes) override;

  std::size_t complete_partial(std::string_view bytes, std::uint64_t now_us);
  void on_received();
  void begin_catching_up(const client::Subscribed& how);
  void check_caught_up();

  std::uint32_t number_;
  bool has_joined_ = false;     // was subscribed at some time
  bool is_subscribed_ = false;  // True exactly between on_subscribed and the connection's end.
  bool is_churning_ = false;    // churn() or vanish() is on the stack
  bool is_stalled_ = false;
  Room& room_;
  MemberEvents& events_;
  Follower follower_;
  std::unique_ptr<Publisher> publisher_;
  client::Client client_;
  std::string partial_;  // the start of a frame whose rest has not arrived, a publication for sure
  std::uint64_t started_us_ = 0;
  // Of a connection that was lost. It lasts until caught_up_at_ is reached, also when the
  // connection is lost again before.
  Outage outage_;
  std::uint64_t caught_up_at_ = 0;  // the offset expected next by then; 0: nothing to catch up with
};

}  // namespace chirm::load

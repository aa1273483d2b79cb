// SPDX-License-Identifier: MIT
#pragma once
// A connection as the hub and its parts see it: where its bytes go, what is waiting to go there,
// and the channels that it follows. Session, which speaks the client protocol, stands above the hub
// and implements it. What every delivery touches is data here and no virtual call; what happens
// once per subscription is virtual.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/intrusive_list.h"
#include "core/chat/subscription.h"
#include "core/chat/transport.h"

namespace chirm {

struct BlockedTag;
struct ErrorCode;
struct Joining;
struct SubscribeResult;
struct WaitingTag;

// More functions than a class should have: half of them are a look at one member each.
class Subscriber : public ListHook<WaitingTag>, public ListHook<BlockedTag> {
 public:
  enum class State : std::uint8_t {
    kNew,      // waiting for connect
    kJoining,  // connect is not answered yet: other commands are held, nothing is written
    kRefused,  // connect was answered with an error: commands are ignored
    kConnected,
    kClosing,  // a Close frame is queued or sent: nothing may be queued behind it
  };

  // ---- Who it is. Empty until the client has connected.
  const std::string& user() const { return user_; }
  const std::string& client_id() const { return client_id_; }
  const std::string& info() const { return info_; }  // raw JSON or ""
  // What its token says of the channel: raw JSON or "".
  virtual std::string_view channel_info(std::string_view channel) const = 0;

  bool is_connected() const { return state_ == State::kConnected; }
  bool is_closing() const { return state_ == State::kClosing; }

  // ---- The channels that it follows. The hub changes them. Null when there is none such.
  std::vector<Subscription>& subscriptions() { return subscriptions_; }
  const std::vector<Subscription>& subscriptions() const { return subscriptions_; }
  Subscription* find(const Channel& channel);
  const Subscription* find(const Channel& channel) const;
  Subscription* find(std::string_view channel);
  // For what is known to be there: a bug ends the process.
  Subscription& at(const Channel& channel);
  const Subscription& at(const Channel& channel) const;

  // ---- Its bytes
  bool may_write() const { return !is_blocked_ && state_ != State::kJoining; }
  Transport& transport() { return transport_; }
  // Frames for this client alone, which are written before all others. They may begin with the rest
  // of a frame that the socket took in part.
  std::string& lane() { return lane_; }
  const std::string& lane() const { return lane_; }
  // True exactly while the socket has not taken all of a write and has not asked for more since.
  bool is_blocked() const { return is_blocked_; }
  std::uint64_t blocked_ms() const { return blocked_ms_; }  // since when, while blocked
  // Called by the write queue, which lists the blocked ones.
  void block(std::uint64_t now_ms) {
    is_blocked_ = true;
    blocked_ms_ = now_ms;
  }
  void unblock() { is_blocked_ = false; }
  // False exactly while the transport has been told not to read more commands.
  bool is_input_wanted() const { return is_input_wanted_; }
  // Appends a frame that may be lost to the lane. False, and it is lost: the client is not
  // connected, or does not keep up.
  bool offer(std::string_view frame);
  // The fan-out has written, all that there was or a part.
  void finish_write() {
    if (lane_.empty() && lane_.capacity() > std::string().capacity()) std::string().swap(lane_);
    if (state_ == State::kClosing || !is_input_wanted_ || is_lane_held_) on_written();
  }

  // A write to a socket sweeps the caches. These fetch what the next writes will touch while the
  // kernel works on this one: first the subscriber itself, then what it points to. At 1,000
  // subscribers and one message at a time they take the share of user-space CPU from 8 % to 4 %.
  void prefetch() const {
    constexpr std::size_t kLine = 64;
    const char* begin = reinterpret_cast<const char*>(this);
    const char* end = reinterpret_cast<const char*>(&is_blocked_);
    for (const char* line = begin; line <= end; line += kLine) __builtin_prefetch(line);
  }
  void prefetch_pointees() const {
    __builtin_prefetch(subscriptions_.data());
    __builtin_prefetch(&transport_);
  }

  // ---- What the hub tells it. Each may close it, and so end all its subscriptions; none destroys
  // it.

  // A subscribe is answered: it is a member, or has no subscription to the channel any more.
  virtual void on_subscribed(const Joining& asked, std::string_view channel,
                             const SubscribeResult& result) = 0;
  virtual void on_refused(std::uint32_t command_id, const ErrorCode& error) = 0;
  // One of the server's channels takes long: connect is to be answered without it.
  virtual void on_join_late() = 0;
  // Queues a message, which is JSON, for this client alone.
  virtual void push(std::string_view json) = 0;
  // A subscription of the server's choice has ended, and the client can get it back only by
  // connecting again: it is closed in so many milliseconds.
  virtual void leave_after(std::uint64_t delay_ms) = 0;
  virtual bool is_leaving() const = 0;  // or is closing already

 protected:
  // The transport must outlive the subscriber.
  explicit Subscriber(Transport& transport) : transport_(transport) {}
  ~Subscriber() = default;

  // After a write, while closing, while no input is wanted, or while the lane is held.
  virtual void on_written() = 0;

  // What a delivery touches stands first, together (see prefetch()).
  Transport& transport_;
  std::string lane_;
  std::vector<Subscription> subscriptions_;
  State state_ = State::kNew;
  bool is_input_wanted_ = true;
  bool is_lane_held_ = false;  // a budget counts what the lane holds

 private:
  bool is_blocked_ = false;
  std::uint64_t blocked_ms_ = 0;

 protected:
  std::string user_;
  std::string client_id_;
  std::string info_;
};

}  // namespace chirm

// SPDX-License-Identifier: MIT
#include "client/terminal/chat/channel_list.h"

#include <set>
#include <utility>
#include <vector>

#include "client/terminal/text/safe_text.h"
#include "client/terminal/text/wording.h"

namespace chirm::terminal {

namespace {

constexpr std::uint64_t kListDelayMs = 50;
constexpr std::uint64_t kListAgainMs = 2000;  // after a reading that failed
constexpr std::uint64_t kUnfollowedMs = 60'000;

}  // namespace

ChannelList::ChannelList(ChatContext& chat, Following& following, KnownNames& names,
                         Callbacks callbacks)
    : chat_(chat),
      following_(following),
      names_(names),
      callbacks_(std::move(callbacks)),
      soon_(chat.context.loop, [this] { read(); }),
      unfollowed_(chat.context.loop, [this] { read(); }) {}

void ChannelList::read() {
  if (!chat_.is_checked) return callbacks_.on_read();
  chat_.client.rpc("chat.sync", "", [this](const auto& answer) { on_answer(answer); });
}

void ChannelList::read_soon() { soon_.start(kListDelayMs); }

// While there is no connection: the next one begins with a reading.
void ChannelList::stop() {
  soon_.stop();
  unfollowed_.stop();
}

void ChannelList::on_answer(const Expected<std::string_view, client::CommandError>& answer) {
  if (chat_.has_ended) return;
  if (answer) {
    take(read_sync(*answer));
  } else if (!chat_.has_synced && is_without_members(answer.error())) {
    // Only the first answer decides: a server that had a list has one, whatever it says later.
    begin_without_accounts();
  } else if (chat_.client.is_connected()) {
    soon_.start(kListAgainMs);
  }
  callbacks_.on_read();
  chat_.events.on_changed();
}

void ChannelList::take(const SyncAnswer& answer) {
  const bool is_first = !std::exchange(chat_.has_synced, true);
  if (!answer.user.empty()) chat_.me = answer.user;
  if (!answer.name.empty()) chat_.name = answer.name;
  // Before conversations are opened: the log of each has to know whose messages are one's own.
  chat_.model.set_me(chat_.me, true);
  for (const SyncAnswer::Channel& one : answer.channels) {
    take_positions(chat_.model.open(one.info), one);
  }
  forget_unlisted(answer);
  callbacks_.on_listed(is_first);
  following_.follow_recent();
  // The server tells of new messages only in channels that are followed.
  if (!following_.is_following_all()) unfollowed_.start(kUnfollowedMs);
  for (const SyncAnswer::Invitation& one : answer.invited) {
    if (!names_.add_invitation(one.room)) continue;
    chat_.note(safe_line(one.by) + " invites you to #" + safe_line(one.room) + ": /join " +
               safe_line(one.room));
  }
}

// What the list says of another log than the one that is followed says nothing: either may be the
// older one, and who follows is told when the log starts over.
void ChannelList::take_positions(Conversation& conversation, const SyncAnswer::Channel& listed) {
  conversation.last_ms = listed.last_ms;
  const bool is_same_log = conversation.epoch.empty() || conversation.epoch == listed.epoch;
  if (!is_same_log && following_.is_followed(conversation)) return;
  if (!is_same_log) conversation.forget_positions();
  conversation.epoch = listed.epoch;
  chat_.model.set_positions(conversation, listed.top, listed.read);
}

void ChannelList::forget_unlisted(const SyncAnswer& answer) {
  std::set<std::string> listed;
  for (const SyncAnswer::Channel& one : answer.channels) listed.insert(one.info.channel);
  // First collected: leaving takes them out of what is gone through.
  std::vector<std::string> gone;
  for (const auto& one : chat_.model.conversations()) {
    const std::string& channel = one->info.channel;
    if (one->info.is_listed && !listed.contains(channel)) gone.push_back(channel);
  }
  for (const std::string& channel : gone) following_.leave(channel);
}

// Nobody is a member of anything there: the rooms that were asked for are all there is.
void ChannelList::begin_without_accounts() {
  chat_.has_synced = true;
  chat_.is_checked = false;
  chat_.model.set_me(chat_.me, false);
  for (const std::string& room : chat_.options.rooms) chat_.model.open(room_info(room));
  if (Conversation* first = chat_.model.find_room(chat_.options.rooms.front())) {
    chat_.model.select(*first);
  }
  following_.follow_recent();
}

}  // namespace chirm::terminal

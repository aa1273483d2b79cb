// SPDX-License-Identifier: MIT
#include "core/chat/presence/presence.h"

#include <algorithm>
#include <map>
#include <unordered_set>
#include <utility>

#include "core/base/check.h"
#include "core/base/pack.h"
#include "core/chat/subscriber.h"
#include "protocol/message.h"

namespace chirm {

namespace {

// The value of a client in a channel's set; its key is the client id.
std::string value_of(std::string_view user, std::string_view conn_info,
                     std::string_view chan_info) {
  std::string value;
  for (const std::string_view text : {user, conn_info, chan_info}) {
    pack::put_text(value, text);
  }
  return value;
}

// Another node may run another version: what it does not say is empty.
ClientInfoView to_info(std::string_view client, std::string_view value) {
  ClientInfoView info;
  info.client = client;
  for (std::string_view* text : {&info.user, &info.conn_info, &info.chan_info}) {
    *text = pack::take_text(value).value_or(std::string_view());
  }
  return info;
}

std::string value_of(const Subscriber& subscriber, std::string_view channel) {
  return value_of(subscriber.user(), subscriber.info(), subscriber.channel_info(channel));
}

}  // namespace

Presence::Presence(Loop& loop, Broker& broker, const ChannelTable& channels,
                   const ChatSettings& settings)
    : channels_(channels),
      broker_(broker),
      settings_(settings),
      sets_(loop, broker.nodes(), *this, settings.presence_list_max, settings.presence_times),
      users_(loop, broker, sets_, settings.presence_times) {
  if (!settings_.is_insecure) users_.start();
}

// ---- Subscribers of this node

void Presence::on_joined(std::string_view channel, const Subscriber& subscriber,
                         bool wants_pushes) {
  if (wants_pushes) sets_.hold(channel);  // first: it is told of its own coming
  if (!sets_.has(channel)) return;
  sets_.add(channel, subscriber.client_id(), value_of(subscriber, channel));
}

void Presence::on_left(std::string_view channel, const Subscriber& subscriber, bool wanted_pushes) {
  if (sets_.has(channel)) {
    sets_.remove(channel, subscriber.client_id(), value_of(subscriber, channel));
  }
  if (wanted_pushes) sets_.release(channel);
}

std::size_t Presence::own_clients(std::string_view set) const {
  return set == OnlineUsers::kSet ? users_.count() : channels_.members(set).size();
}

PresenceCounts Presence::own_counts(std::string_view set) const {
  if (set == OnlineUsers::kSet) return {users_.count(), users_.count()};
  std::unordered_set<std::string_view> users;
  const auto members = channels_.members(set);
  for (const Member& member : members) users.insert(member.subscriber->user());
  return {members.size(), users.size()};
}

void Presence::each_own(std::string_view set, const PresenceItem& item) const {
  if (set == OnlineUsers::kSet) return users_.each(item);
  for (const Member& member : channels_.members(set)) {
    item(member.subscriber->client_id(), value_of(*member.subscriber, set));
  }
}

// ---- Pushes

// In a large channel each join would be a push to everybody: there only the counts are kept.
void Presence::on_came(std::string_view set, std::string_view key, std::string_view value) {
  if (set == OnlineUsers::kSet || clients(set) > settings_.presence_list_max) return;
  std::string json;
  append_join_push(json, set, to_info(key, value));
  push(set, json);
}

void Presence::on_went(std::string_view set, std::string_view key, std::string_view value) {
  if (set == OnlineUsers::kSet) return users_.on_went(key);
  if (clients(set) > settings_.presence_list_max) return;
  std::string json;
  append_leave_push(json, set, to_info(key, value));
  push(set, json);
}

// A session that does not read may be closed by it, and leave: so the members are copied first.
void Presence::push(std::string_view channel, const std::string& json) {
  std::vector<Subscriber*> subscribers;
  for (const Member& member : channels_.members(channel)) subscribers.push_back(member.subscriber);
  for (Subscriber* one : subscribers) {
    const Subscription* subscription = one->find(channel);
    if (subscription != nullptr && subscription->wants_presence) one->push(json);
  }
}

// ---- Questions

std::size_t Presence::clients(std::string_view channel) const {
  return channels_.members(channel).size() + sets_.others_listed(channel) +
         sets_.others_counted(channel).clients;
}

// A node that does not answer costs its part of the answer only, unless the bus is away: then what
// is known may be old, or nothing, and an error is more honest.
void Presence::ask(std::string_view channel, OnPresence done) {
  sets_.ask(channel, [this, name = std::string(channel), done = std::move(done)](bool is_known) {
    if (is_known || broker_.health() != Health::kAway) return done(collect(name));
    done(Unexpected<ErrorCode>(errors::kInternal));
  });
}

void Presence::ask_users(std::string_view channel, OnUsers done) {
  ask(channel, [this, done = std::move(done)](const auto& present) {
    if (!present) return done(Unexpected<ErrorCode>(present.error()));
    done(to_users(*present));
  });
}

ChannelPresence Presence::collect(std::string_view channel) const {
  ChannelPresence present;
  std::unordered_set<std::string> users;
  const auto add = [&](const ClientInfoView& info) {
    users.emplace(info.user);
    if (present.clients.size() >= settings_.presence_list_max) return;
    present.clients.push_back({std::string(info.user), std::string(info.client),
                               std::string(info.conn_info), std::string(info.chan_info)});
  };
  for (const Member& member : channels_.members(channel)) {
    const Subscriber& one = *member.subscriber;
    add({one.user(), one.client_id(), one.info(), one.channel_info(channel)});
  }
  sets_.each_other(channel, [&](auto key, auto value) { add(to_info(key, value)); });
  present.counts = {clients(channel), users.size() + sets_.others_counted(channel).users};
  return present;
}

ChannelUsers Presence::to_users(const ChannelPresence& present) const {
  ChannelUsers users{present.counts.users, {}};
  if (present.counts.clients > present.clients.size()) return users;
  std::map<std::string_view, std::string_view> infos;
  for (const PresentClient& client : present.clients) infos.emplace(client.user, client.conn_info);
  for (const auto& [user, conn_info] : infos) {
    users.users.push_back({std::string(user), std::string(conn_info), status(user)});
  }
  return users;
}

void Presence::check() const {
  sets_.check();
  users_.check();
}

void Presence::check(const Channel& channel) const {
  std::uint32_t wanting = 0;
  for (const Member& member : channel.members) {
    if (member.subscriber->at(channel).wants_presence) ++wanting;
  }
  CHIRM_CHECK(sets_.holds(channel.name()) == wanting, channel.name(), wanting);
}

}  // namespace chirm

// SPDX-License-Identifier: MIT
#include "core/server/admin/session_control.h"

#include <algorithm>
#include <utility>

#include "core/accounts/secrets.h"
#include "core/chat/hub.h"
#include "core/chat/session.h"
#include "core/chat/session_directory.h"
#include "core/server/admin/node_survey.h"
#include "protocol/channel_name.h"
#include "protocol/json_writer.h"
#include "protocol/limits.h"
#include "protocol/message.h"

namespace chirm {

namespace {

constexpr JsonFields::Range kText{0, 1024};
constexpr std::size_t kNamesMax = 10'000;    // as many clients as one user may have, and more
constexpr std::size_t kChannelsShown = 500;  // of a connection

JsonWriter open_params(const SessionTarget& target) {
  JsonWriter json;
  json.open();
  json.add("user", std::string_view(target.user));
  json.add("client", std::string_view(target.client));
  json.add("session", std::string_view(target.session));
  return json;
}

std::string close_params(JsonWriter& json) {
  json.close();
  return json.take();
}

}  // namespace

SessionControl::SessionControl(NodeSurvey& survey, Hub& hub, SessionDirectory& directory,
                               std::string node_name)
    : survey_(survey), hub_(hub), directory_(directory), node_name_(std::move(node_name)) {
  using Params = std::string_view;
  survey.add_question("disconnect", [this](Params params) { return disconnect_here(params); });
  survey.add_question("subscribe", [this](Params params) { return subscribe_here(params); });
  survey.add_question("unsubscribe", [this](Params params) { return unsubscribe_here(params); });
  survey.add_question("notice", [this](Params params) { return notice_here(params); });
  survey.add_question("channels", [this](Params params) { return channels_here(params); });
  survey.add_question("connections", [this](Params params) { return connections_here(params); });
  survey.add_question("slow", [this](Params) { return slow_readers_here(); });
}

void SessionControl::ask(std::string_view question, std::string_view params, Done done) {
  survey_.ask(question, params, [done = std::move(done)](const NodeSurvey::Result& result) {
    done(result.is_complete);
  });
}

// Those of this node that the target names. A copy, for what is done to one may end it, and that
// takes it out of the directory.
std::vector<Session*> SessionControl::find(JsonFields& params) const {
  const std::string user = params.text_or("user", kText, {});
  const std::string client = params.text_or("client", kText, {});
  const std::string session = params.text_or("session", kText, {});
  const auto all = directory_.of_user(user);
  std::vector<Session*> found(all.begin(), all.end());
  std::erase_if(found, [&](const Session* one) {
    return (!client.empty() && one->client_id() != client) ||
           (!session.empty() && id_to_text(one->sign_in()) != session);
  });
  return found;
}

// ---- Doing

void SessionControl::disconnect(const Disconnecting& what, Done done) {
  JsonWriter json = open_params(what.target);
  json.open_array("keep");
  for (const std::string& client : what.kept_clients) json.add_element(client);
  json.close_array();
  json.add("code", what.code);
  json.add("reason", std::string_view(what.reason));
  ask("disconnect", close_params(json), std::move(done));
}

SessionControl::Answers SessionControl::disconnect_here(std::string_view params) {
  JsonFields fields(params);
  const std::vector<std::string> kept = fields.texts("keep", kNamesMax, kText);
  const auto code = static_cast<std::uint16_t>(fields.number("code", {1000, 4999}));
  const std::string reason = fields.text("reason", kText);
  if (!fields.is_right()) return {};
  // No answer but that it is done: who asked only wants to know of nodes that have not.
  for (Session* session : find(fields)) {
    if (std::ranges::count(kept, session->client_id()) == 0) session->close({code, reason});
  }
  return {};
}

void SessionControl::subscribe(const Subscribing& what, Done done) {
  JsonWriter json = open_params(what.target);
  json.add("channel", std::string_view(what.channel));
  if (!what.options.info.empty()) json.add_raw("info", what.options.info);
  if (!what.options.data.empty()) json.add_raw("data", what.options.data);
  if (what.since) {
    json.add("offset", what.since->offset);
    json.add("epoch", std::string_view(what.since->epoch));
  }
  ask("subscribe", close_params(json), std::move(done));
}

SessionControl::Answers SessionControl::subscribe_here(std::string_view params) {
  JsonFields fields(params);
  const std::string channel = fields.text("channel", {1, limits::kChannelBytes});
  const std::string epoch = fields.text_or("epoch", kText, {});
  Session::ServerSubscribe wanted{channel, {fields.raw("info"), fields.raw("data")}, {}};
  if (fields.has("offset")) {
    wanted.since = PositionView{fields.number("offset", {0, limits::kOffsetMax}), epoch};
  }
  if (!fields.is_right()) return {};
  for (Session* session : find(fields)) session->subscribe_by_server(wanted);
  return {};
}

void SessionControl::unsubscribe(const SessionTarget& target, std::string_view channel, Done done) {
  JsonWriter json = open_params(target);
  json.add("channel", channel);
  ask("unsubscribe", close_params(json), std::move(done));
}

SessionControl::Answers SessionControl::unsubscribe_here(std::string_view params) {
  JsonFields fields(params);
  const std::string channel = fields.text("channel", {1, limits::kChannelBytes});
  if (!fields.is_right()) return {};
  for (Session* session : find(fields)) {
    hub_.take_away(*session, channel, unsubscribes::kServer);
  }
  return {};
}

void SessionControl::notice(std::string_view text, Callback<std::uint64_t> done) {
  JsonWriter json;
  json.open();
  json.add("text", text);
  json.close();
  survey_.ask("notice", json.take(), [done = std::move(done)](const NodeSurvey::Result& result) {
    std::uint64_t connections = 0;
    for (const auto& answer : result.answers) {
      connections += JsonFields(answer.json).number_or("connections", {0, UINT32_MAX}, 0);
    }
    done(connections);
  });
}

SessionControl::Answers SessionControl::notice_here(std::string_view params) {
  JsonWriter data;
  data.open();
  data.add("type", "notice");
  data.add_raw("text", JsonFields(params).raw("text"));
  data.close();
  std::string body;
  append_publication_body(body, data.take(), {}, hub_.loop().unix_ms());
  // Copied first: a session whose client cannot take the notice may be closed by it.
  std::uint64_t connections = 0;
  std::vector<Session*> all;
  for (const auto& [user, sessions] : directory_.all()) {
    all.insert(all.end(), sessions.begin(), sessions.end());
  }
  for (Session* session : all) {
    connections += session->deliver("user:#" + session->user(), body) ? 1 : 0;
  }
  return {"{\"connections\":" + std::to_string(connections) + "}"};
}

// ---- Asking

void SessionControl::channels(std::string_view pattern,
                              Callback<Expected<Channels, ErrorCode>> done) {
  JsonWriter json;
  json.open();
  json.add("pattern", pattern);
  json.close();
  survey_.ask("channels", json.take(), [done = std::move(done)](const NodeSurvey::Result& result) {
    if (!result.is_complete) return done(Unexpected<ErrorCode>(errors::kInternal));
    Channels found;
    for (const auto& answer : result.answers) {
      for (const std::string& entry : JsonFields(answer.json).texts("channels", kNamesMax, kText)) {
        // "12 room:a"
        const std::size_t space = std::min(entry.find(' '), entry.size() - 1);
        found[entry.substr(space + 1)] += std::strtoull(entry.c_str(), nullptr, 10);
      }
    }
    if (found.size() > kChannelsMax) return done(Unexpected<ErrorCode>(errors::kLimitExceeded));
    done(std::move(found));
  });
}

SessionControl::Answers SessionControl::channels_here(std::string_view params) const {
  constexpr std::size_t kEntriesPerAnswer = 200;  // of 255 bytes at most
  const std::string pattern = JsonFields(params).text_or("pattern", kText, {});
  std::vector<std::string> entries;
  hub_.for_each_channel([&](const std::string& name, std::size_t subscribers) {
    const bool is_wanted = pattern.empty() || matches_glob(pattern, name);
    if (is_wanted && entries.size() <= kChannelsMax) {
      entries.push_back(std::to_string(subscribers) + " " + name);
    }
  });
  Answers answers;
  for (std::size_t at = 0; at < entries.size(); at += kEntriesPerAnswer) {
    JsonWriter json;
    json.open();
    json.open_array("channels");
    const std::size_t end = std::min(at + kEntriesPerAnswer, entries.size());
    for (std::size_t i = at; i < end; ++i) json.add_element(entries[i]);
    json.close_array();
    json.close();
    answers.push_back(json.take());
  }
  return answers;
}

void SessionControl::connections(std::string_view user, Callback<std::vector<std::string>> done) {
  const std::string params = [&] {
    JsonWriter json = open_params({.user = std::string(user)});
    return close_params(json);
  }();
  survey_.ask("connections", params, [done = std::move(done)](NodeSurvey::Result result) {
    std::vector<std::string> found;
    for (auto& answer : result.answers) found.push_back(std::move(answer.json));
    done(std::move(found));
  });
}

SessionControl::Answers SessionControl::connections_here(std::string_view params) const {
  JsonFields fields(params);
  Answers answers;
  for (const Session* session : find(fields)) {
    JsonWriter json;
    json.open();
    json.add("node", std::string_view(node_name_));
    json.add("client", std::string_view(session->client_id()));
    if (session->sign_in() != 0) json.add("session", id_to_text(session->sign_in()));
    json.open_array("channels");
    for (const std::string& channel : session->channels(kChannelsShown)) json.add_element(channel);
    json.close_array();
    json.close();
    answers.push_back(json.take());
  }
  return answers;
}

void SessionControl::slow_readers(Callback<std::vector<std::string>> done) {
  survey_.ask("slow", "{}", [done = std::move(done)](NodeSurvey::Result result) {
    std::vector<std::pair<std::uint64_t, std::string>> all;
    for (auto& answer : result.answers) {
      const std::uint64_t behind =
          JsonFields(answer.json).number_or("behind", {0, limits::kOffsetMax}, 0);
      all.emplace_back(behind, std::move(answer.json));
    }
    std::ranges::stable_sort(all, std::ranges::greater(),
                             [](const auto& one) { return one.first; });
    std::vector<std::string> readers;
    for (std::size_t i = 0; i < std::min(all.size(), kReadersMax); ++i) {
      readers.push_back(std::move(all[i].second));
    }
    done(std::move(readers));
  });
}

SessionControl::Answers SessionControl::slow_readers_here() {
  Answers answers;
  for (const SlowReader& reader : hub_.slow_readers()) {
    if (answers.size() == kReadersMax) break;
    JsonWriter json;
    json.open();
    json.add("node", std::string_view(node_name_));
    json.add("user", std::string_view(reader.subscriber->user()));
    json.add("client", std::string_view(reader.subscriber->client_id()));
    json.add("channel", reader.channel);
    json.add("behind", reader.behind);
    json.close();
    answers.push_back(json.take());
  }
  return answers;
}

}  // namespace chirm

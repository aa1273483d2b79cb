// SPDX-License-Identifier: MIT
#include "core/server/admin/admin_rpc.h"

#include <algorithm>
#include <functional>
#include <optional>
#include <ranges>
#include <type_traits>
#include <utility>
#include <vector>

#include "core/accounts/accounts.h"
#include "core/accounts/secrets.h"
#include "core/accounts/user_name.h"
#include "core/audit/audit_log.h"
#include "core/loop/loop.h"
#include "core/server/admin/node_board.h"
#include "core/server/admin/node_survey.h"
#include "protocol/json_writer.h"
#include "protocol/limits.h"

namespace chirm {

namespace {

constexpr JsonFields::Range kUsers{1, limits::kUserBytes};
constexpr JsonFields::Range kReasons{0, 250};
constexpr JsonFields::Range kNotices{1, 500};
constexpr JsonFields::Range kPatterns{0, 255};
constexpr std::uint64_t kBusiestMax = 100;
constexpr std::size_t kAuditMax = 200;  // events in an answer, of 1 KiB at most each
constexpr std::uint64_t kSecondsMax = 10ULL * 366 * 24 * 3600;

RpcResult failed(RpcError error) { return Unexpected<RpcError>(std::move(error)); }

// A store that is away is the same temporary error as anywhere in the protocol: clients try again.
RpcError to_rpc(const AccountError& error) {
  using Kind = AccountError::Kind;
  if (error.kind == Kind::kBusy) return RpcError(errors::kInternal);
  const bool is_bad = error.kind == Kind::kBadRequest;
  return {is_bad ? errors::kBadRequest.code : errors::kPermissionDenied.code, error.message};
}

// Accounts are in lower case, users of the operator's own tokens as those say: the exact name comes
// first, or one of theirs could not be reached beside an account.
std::vector<std::string> names_of(const std::string& name) {
  std::vector<std::string> names = {name};
  if (user_of(name) != name) names.push_back(user_of(name));
  return names;
}

// "{}", or the error.
template <class E>
void answer(const RpcDone& done, const Expected<void, E>& result) {
  if (result) return done(std::string("{}"));
  if constexpr (std::is_same_v<E, AccountError>) {
    done(failed(to_rpc(result.error())));
  } else {
    done(failed(RpcError(result.error())));
  }
}

// [a,b,…] of JSON texts, as the member `name` of an object.
std::string list_json(std::string_view name, const std::vector<std::string>& elements) {
  JsonWriter json;
  json.open();
  json.open_array(name);
  for (const std::string& element : elements) json.add_raw_element(element);
  json.close_array();
  json.close();
  return json.take();
}

}  // namespace

AdminRpc::AdminRpc(const Loop& loop, SessionControl& control, NodeBoard& board, Users users,
                   RpcTable& table)
    : loop_(loop), control_(control), board_(board), users_(users) {
  add(table, "admin.nodes", &AdminRpc::nodes);
  add(table, "admin.user", &AdminRpc::user);
  add(table, "admin.ban", &AdminRpc::ban);
  add(table, "admin.unban", &AdminRpc::unban);
  add(table, "admin.disconnect", &AdminRpc::disconnect);
  add(table, "admin.notice", &AdminRpc::notice);
  add(table, "admin.slow", &AdminRpc::slow);
  add(table, "admin.channels", &AdminRpc::channels);
}

void AdminRpc::add(RpcTable& table, std::string_view name, Prepare prepare) {
  table.add(name, [this, prepare](RpcCaller caller, std::string_view data, RpcDone done) {
    // Here, for all of them: a method cannot forget it. The role is that of the newest token.
    if (caller.role != UserRole::kAdmin) {
      return done(failed({errors::kPermissionDenied.code, "only administrators may do this"}));
    }
    JsonFields fields(data);
    const Action act = (this->*prepare)(caller, fields);
    if (!fields.is_right()) {
      return done(failed({errors::kBadRequest.code, fields.problem()}));
    }
    act(done);
  });
}

AdminRpc::Action AdminRpc::nodes(const RpcCaller&, JsonFields&) {
  return [this](const RpcDone& done) {
    std::vector<std::string> all;
    for (const NodeBoard::Entry& entry : board_.all()) all.push_back(entry.statistics.json());
    done(list_json("nodes", all));
  };
}

// All nodes answer from memory; a node that has been started again has only what came since.
void AdminRpc::add_audit(RpcTable& table, NodeSurvey& survey, const AuditLog& log) {
  survey.add_question("audit", [&log](std::string_view params) {
    JsonFields fields(params);
    const AuditLog::Filter filter{fields.text_or("event", kPatterns, {}),
                                  fields.text_or("user", {0, limits::kUserBytes}, {}),
                                  fields.text_or("address", kPatterns, {})};
    return log.find(filter, kAuditMax);
  });
  survey_ = &survey;
  add(table, "admin.audit", &AdminRpc::audit);
}

AdminRpc::Action AdminRpc::audit(const RpcCaller&, JsonFields& fields) {
  JsonWriter params;
  params.open();
  params.add("event", std::string_view(fields.text_or("event", kPatterns, {})));
  params.add("user", std::string_view(fields.text_or("user", {0, limits::kUserBytes}, {})));
  params.add("address", std::string_view(fields.text_or("address", kPatterns, {})));
  params.close();
  return [this, asked = params.take()](const RpcDone& done) {
    survey_->ask("audit", asked, [done](const NodeSurvey::Result& result) {
      // Lines begin with their time, which sorts as text does.
      std::vector<std::string> lines;
      for (const auto& answer : result.answers) lines.push_back(answer.json);
      std::ranges::stable_sort(lines, std::ranges::greater());
      if (lines.size() > kAuditMax) lines.resize(kAuditMax);
      done(list_json("events", lines));
    });
  };
}

AdminRpc::Action AdminRpc::slow(const RpcCaller&, JsonFields&) {
  return [this](const RpcDone& done) {
    control_.slow_readers(
        [done](const std::vector<std::string>& readers) { done(list_json("readers", readers)); });
  };
}

AdminRpc::Action AdminRpc::channels(const RpcCaller&, JsonFields& fields) {
  const std::string pattern = fields.text_or("pattern", kPatterns, {});
  const std::uint64_t limit = fields.number_or("limit", {1, kBusiestMax}, 20);
  return [=, this](const RpcDone& done) {
    control_.channels(pattern, [done, limit](const auto& channels) {
      if (!channels) return done(failed(RpcError(channels.error())));
      std::vector<std::pair<std::string, std::uint64_t>> busiest(channels->begin(),
                                                                 channels->end());
      std::ranges::stable_sort(busiest, std::ranges::greater(),
                               [](const auto& each) { return each.second; });
      JsonWriter json;
      json.open();
      json.open_array("channels");
      for (const auto& [name, clients] : std::views::take(busiest, limit)) {
        json.open();
        json.add("channel", std::string_view(name));
        json.add("clients", clients);
        json.close();
      }
      json.close_array();
      json.add("count", busiest.size());
      json.close();
      done(json.take());
    });
  };
}

AdminRpc::Action AdminRpc::notice(const RpcCaller&, JsonFields& fields) {
  return [this, text = fields.text("text", kNotices)](const RpcDone& done) {
    control_.notice(text, [done](std::uint64_t connections) {
      done("{\"connections\":" + std::to_string(connections) + "}");
    });
  };
}

// ---- A user

struct AdminRpc::Portrait {
  std::string user;
  std::optional<AccountRecord> account;
  std::vector<SessionRecord> sessions;
  std::vector<std::string> connections;
};

void AdminRpc::identify(std::vector<std::string> names, const WithUser& act, const RpcDone& done) {
  if (names.empty()) {
    constexpr std::uint16_t kNotFound = 404;
    return done(failed({kNotFound, "there is no such user"}));
  }
  const std::string user = names.front();
  names.erase(names.begin());
  is_known(user, [=, this](const Expected<bool, RpcError>& known) {
    if (!known) return done(failed(known.error()));
    *known ? act(user) : identify(names, act, done);
  });
}

// By an account, a ban, having signed in once, or a connection. The cheapest are asked first, and a
// ban before all: it must be possible to lift one of somebody of whom nothing else is left.
void AdminRpc::is_known(const std::string& user, const Knowing& done) {
  if (users_.revocations.ban_of(user)) return done(true);
  if (users_.accounts == nullptr) return is_person(user, done);
  users_.accounts->find(user, [=, this](const auto& account) {
    if (!account) return done(Unexpected<RpcError>(to_rpc(account.error())));
    *account ? done(true) : is_person(user, done);
  });
}

void AdminRpc::is_person(const std::string& user, const Knowing& done) {
  users_.broker.documents().get(
      kPersonCollection, user, guard_([=, this](const Expected<Document, ErrorCode>& person) {
        if (!person) return done(Unexpected<RpcError>(RpcError(person.error())));
        if (person->version != 0) return done(true);
        control_.connections(
            user, [done](const std::vector<std::string>& there) { done(!there.empty()); });
      }));
}

AdminRpc::Action AdminRpc::user(const RpcCaller&, JsonFields& fields) {
  return [this, name = fields.text("user", kUsers)](const RpcDone& done) {
    const auto portray = [this, done](const std::string& user) {
      if (users_.accounts == nullptr) return find_connections({user, {}, {}, {}}, done);
      users_.accounts->find(user, [this, user, done](const auto& account) {
        if (!account) return done(failed(to_rpc(account.error())));
        find_sessions({user, *account, {}, {}}, done);
      });
    };
    identify(names_of(name), portray, done);
  };
}

void AdminRpc::find_sessions(Portrait portrait, const RpcDone& done) {
  if (!portrait.account) return find_connections(std::move(portrait), done);
  users_.accounts->sessions().list(portrait.user,
                                   [this, portrait, done](const auto& sessions) mutable {
                                     if (!sessions) return done(failed(RpcError(sessions.error())));
                                     portrait.sessions = *sessions;
                                     find_connections(std::move(portrait), done);
                                   });
}

void AdminRpc::find_connections(Portrait portrait, const RpcDone& done) {
  control_.connections(portrait.user,
                       [this, portrait, done](std::vector<std::string> connections) mutable {
                         portrait.connections = std::move(connections);
                         done(describe(portrait));
                       });
}

std::string AdminRpc::describe(const Portrait& portrait) const {
  const UserRole role = is_guest(portrait.user) ? UserRole::kGuest : UserRole::kUser;
  const AccountRecord record =
      portrait.account.value_or(AccountRecord{portrait.user, portrait.user, role, 0});
  JsonWriter json;
  json.open();
  json.add("user", std::string_view(portrait.user));
  json.add("name", std::string_view(record.name));
  json.add("role", text_of(record.role));
  if (portrait.account) json.add("created", record.created_ms);
  if (const auto ban = users_.revocations.ban_of(portrait.user)) {
    json.open("banned");
    if (ban->until_s != Revocations::kForGood) json.add("until", ban->until_s * 1000);
    json.add("reason", std::string_view(ban->reason));
    json.close();
  }
  json.open_array("sessions");
  for (const SessionRecord& session : portrait.sessions) {
    json.open();
    json.add("id", id_to_text(session.id));
    json.add("created", session.created_ms);
    json.add("used", session.used_ms);
    json.add("agent", std::string_view(session.agent));
    json.close();
  }
  json.close_array();
  json.open_array("connections");
  for (const std::string& connection : portrait.connections) json.add_raw_element(connection);
  json.close_array();
  json.close();
  return json.take();
}

// ---- Doing something to a user

AdminRpc::Action AdminRpc::ban(const RpcCaller& caller, JsonFields& fields) {
  const std::string name = fields.text("user", kUsers);
  const std::uint64_t seconds = fields.number_or("seconds", {1, kSecondsMax}, 0);
  const std::string reason = fields.text_or("reason", kReasons, {});
  if (name == caller.user) fields.refuse("user", "somebody else");
  return [=, this, self = caller.user](const RpcDone& done) {
    const std::int64_t now_s = loop_.unix_ms() / 1000;
    const std::int64_t until_s =
        seconds == 0 ? Revocations::kForGood : now_s + static_cast<std::int64_t>(seconds);
    const auto ban = [=, this](const std::string& user) {
      // Looked at a second time, for the name may be another spelling of one's own.
      if (user != self) return ban_now(user, until_s, reason, done);
      done(failed({errors::kBadRequest.code, "user: expected somebody else"}));
    };
    identify(names_of(name), ban, done);
  };
}

void AdminRpc::ban_now(const std::string& user, std::int64_t until_s, const std::string& reason,
                       const RpcDone& done) {
  // The ban first: it ends the connections on all nodes, and no token counts any more. Sessions
  // that are still open then, should the second step fail, cannot be used.
  users_.revocations.ban_user(user, {until_s, reason},
                              guard_([=, this](const Expected<void, ErrorCode>& banned) {
                                if (!banned || users_.accounts == nullptr)
                                  return answer(done, banned);
                                users_.accounts->sessions().close_all(
                                    user, [done](const auto& closed) { answer(done, closed); });
                              }));
}

AdminRpc::Action AdminRpc::unban(const RpcCaller&, JsonFields& fields) {
  return [this, name = fields.text("user", kUsers)](const RpcDone& done) {
    const auto pardon = [this, done](const std::string& user) {
      users_.revocations.pardon_user(user, [done](const auto& result) { answer(done, result); });
    };
    identify(names_of(name), pardon, done);
  };
}

// A session that is named is over, and has to sign in again.
AdminRpc::Action AdminRpc::disconnect(const RpcCaller&, JsonFields& fields) {
  const std::string name = fields.text("user", kUsers);
  const std::string session = fields.text_or("session", kUsers, {});
  const std::uint64_t id = id_from_text(session).value_or(0);
  if (!session.empty() && id == 0) fields.refuse("session", "the id of a session");
  return [=, this](const RpcDone& done) {
    const auto disconnect = [this, session, done](const std::string& user) {
      control_.disconnect({.target = {.user = user, .session = session}}, [done](bool is_done) {
        is_done ? done(std::string("{}")) : done(failed(RpcError(errors::kInternal)));
      });
    };
    const auto end = [=, this](const std::string& user) {
      // Ended before it is disconnected, or the client would be back with its old token.
      if (id == 0 || users_.accounts == nullptr) return disconnect(user);
      users_.accounts->sessions().close(user, id, [=](const auto& result) {
        result ? disconnect(user) : done(failed(RpcError(result.error())));
      });
    };
    identify(names_of(name), end, done);
  };
}

}  // namespace chirm

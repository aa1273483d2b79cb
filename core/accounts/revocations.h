// SPDX-License-Identifier: MIT
#pragma once
// Sessions and users whose tokens do not count any more although they have not expired: sessions
// that have ended, and users who are banned. Every node keeps all of them and is told of new ones
// at once. A session's lasts as long as its tokens could, a user's as long as the ban. On the
// loop's thread.

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "core/base/guard.h"
#include "core/broker/document_store.h"
#include "core/loop/loop.h"
#include "core/loop/timer.h"

namespace chirm {

class Revocations final : private DocumentListener {
 public:
  using Done = std::function<void(Expected<void, ErrorCode>)>;
  static constexpr std::int64_t kForGood = 0;
  struct Ban {
    std::int64_t until_s = kForGood;  // unix seconds
    std::string reason;
  };

  // Is called when something was revoked, on any node, or is found when loading: its connections
  // are to be closed. `session` 0: all of the user's. May be called twice for the same.
  using OnRevoked = std::function<void(const std::string& user, std::uint64_t session)>;

  // Begins to load them. Both must outlive it.
  Revocations(Loop& loop, DocumentStore& documents, OnRevoked on_revoked = {});
  ~Revocations();

  // False until they have been read once.
  bool is_loaded() const { return is_loaded_; }
  // Whether a token of that session does not count. `session` 0: a token that names none.
  bool is_revoked(std::string_view user, std::uint64_t session) const;
  // nullopt: not banned now.
  std::optional<Ban> ban_of(std::string_view user) const;

  // For all three: `done` without an error means that the store has it and tells all nodes. It is
  // not called before they have returned.

  // Until unix seconds; `session` is not 0.
  void revoke_session(std::string_view user, std::uint64_t session, std::int64_t until_s,
                      Done done);
  // All tokens of the user, also those that are made later.
  void ban_user(std::string_view user, const Ban& ban, Done done);
  void pardon_user(std::string_view user, Done done);

  // Ends the process where an invariant does not hold.
  void check() const;

 private:
  struct Entry {
    std::string user;
    std::uint64_t session = 0;  // 0: all of the user's
    std::int64_t until_s = 0;
    std::string reason;
    std::uint64_t version = 0;
  };
  using Entries = std::map<std::string, Entry, std::less<>>;  // by document id

  void on_document(std::string_view collection, std::string_view id,
                   const Document& document) override;
  void on_documents_maybe_missed() override;

  std::int64_t now_s() const { return loop_.unix_ms() / 1000; }
  // nullptr: there is none that holds now.
  const Entry* find(const std::string& id) const;
  // Reads all of them. While that is under way, is_loading_.
  void load();
  void load_behind(const std::string& after);
  void finish_loading();
  // What a put has answered that expected this version.
  void learn(std::string_view id, std::uint64_t expected, const Document& document);
  // What the document says now.
  void set(std::string_view id, const Document& document);
  void put(const std::string& id, const std::string& value, Done done);
  void put_over(const std::string& id, const std::string& value, std::uint64_t expected,
                int attempts, Done done);
  void sweep();

  const Loop& loop_;
  DocumentStore& documents_;
  const OnRevoked on_revoked_;  // may be null
  Entries entries_;
  bool is_loaded_ = false;
  bool is_loading_ = false;
  bool is_stale_ = false;  // changes may have been missed since loading began: load once more
  // Documents that were read or told since loading began; empty when nothing is loading.
  std::unordered_set<std::string> listed_;
  Timer retry_;
  Timer sweep_timer_;
  Guard guard_;
  Loop::TurnEndHook check_hook_;  // null where invariants are not checked
};

}  // namespace chirm

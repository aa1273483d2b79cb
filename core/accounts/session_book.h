// SPDX-License-Identifier: MIT
#pragma once
// Who is signed in: a session begins with a log-in, goes on by its refresh token, and ends. On the
// loop's thread; no call calls back before it has returned.
//
// A refresh token is "<id>.<generation>.<signature>.<user>". The token itself is not stored: the
// document of a session has the number of its newest generation. Only that generation counts, and
// for some seconds the one before it, as its reply may have been lost. Whoever comes with an older
// one has a copy of somebody's token, and the session ends.

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/accounts/account_counters.h"
#include "core/base/guard.h"
#include "core/broker/document_store.h"

namespace chirm {

class ClusterKey;
class Loop;
class Revocations;

struct RefreshToken {
  std::string text;
  std::string user;
  std::uint64_t session = 0;
  std::uint64_t generation = 0;
};

// One session of a user, for operators.
struct SessionRecord {
  std::uint64_t id = 0;
  std::int64_t created_ms = 0;  // unix milliseconds
  std::int64_t used_ms = 0;
  std::int64_t until_ms = 0;
  std::uint64_t generation = 0;
  std::string agent;  // the User-Agent it was opened with
  std::string guest;  // the user, if a guest's; else ""
};

class SessionBook {
 public:
  template <class T>
  using Done = std::function<void(Expected<T, ErrorCode>)>;

  // `token_s` is how long a session token lasts at most: for so long the end of a session has to be
  // known. All must outlive the book.
  SessionBook(const Loop& loop, DocumentStore& documents, const ClusterKey& key,
              Revocations& revocations, std::uint32_t token_s);

  // A new session. If the user has too many then, the one that was used longest ago ends.
  void open(std::string_view user, std::string_view agent, Done<RefreshToken> done);

  // nullopt unless this cluster has made it.
  std::optional<RefreshToken> read(std::string_view token) const;
  // The token of the next generation; within the grace, the one that was given before. The error
  // kUnauthorized: the token does not count any more.
  void rotate(const RefreshToken& token, Done<RefreshToken> done);

  // Ends the token's session, or all of its user's, if it is a token that rotate() would take. A
  // copy ends its session as well. The error kUnauthorized: the token does not count any more.
  void log_out(const RefreshToken& token, bool all, Done<void> done);

  // Ends a session. When `done` is called without an error, its tokens count on no node any more.
  void close(std::string_view user, std::uint64_t session, Done<void> done);

  // Of a guest, who has one session only, these two find nothing.

  void close_all(std::string_view user, Done<void> done);
  // Those that have not expired.
  void list(std::string_view user, Done<std::vector<SessionRecord>> done);

  // ---- Documents

  static constexpr std::int64_t kDayMs = 86'400'000;
  // A guest's session lasts so long at most, however often it is used.
  static constexpr std::int64_t kGuestDaysMax = 30;
  // The collection of guests' sessions that were opened on that day since 1970.
  static std::string guests_of(std::int64_t day);
  // What the document of session `id` says; nullopt: there is none, or it is no session.
  static std::optional<SessionRecord> record_of(std::uint64_t id, const Document& document);

  // How long a session lasts after it was used.
  static std::uint32_t lifetime_s(std::string_view user);

  // Sets the counters that are about sessions.
  void count(AccountCounters& counters) const;

 private:
  // What a refresh token is worth.
  enum class TokenState : std::uint8_t {
    kOver,      // nothing: its session has ended
    kCurrent,   // it is the newest
    kRepeated,  // it is the one before the newest, which was given not long ago
    kCopied,    // it is an older one: somebody else has been given a newer one
  };
  TokenState state_of(const RefreshToken& token, const std::optional<SessionRecord>& record) const;
  RefreshToken make_token(std::string_view user, std::uint64_t session,
                          std::uint64_t generation) const;
  std::string signature(std::string_view user, std::uint64_t session,
                        std::uint64_t generation) const;
  void rotate_once(const RefreshToken& token, int attempts, Done<RefreshToken> done);
  void rotate_from(const RefreshToken& token, int attempts, const Document& document,
                   Done<RefreshToken> done);
  void end(const std::string& user, std::uint64_t session, Done<void> done);
  void close_each(std::string user, std::vector<SessionRecord> left, Done<void> done);
  void drop_oldest(std::string_view user);

  const Loop& loop_;
  DocumentStore& documents_;
  const ClusterKey& key_;
  Revocations& revocations_;
  const std::uint32_t token_s_;
  std::uint64_t opened_ = 0;
  std::uint64_t refreshed_ = 0;
  std::uint64_t ended_ = 0;
  Guard guard_;
};

}  // namespace chirm

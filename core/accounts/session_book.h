// SPDX-License-Identifier: MIT
#pragma once
// Who is signed in: a session begins with a log-in, lives on by its refresh token, and ends.
//
// A refresh token is "<id>.<generation>.<signature>.<user>". Nothing of it is stored: the document
// of a session has the newest generation, and only that one counts, or the one before it for as
// long as a lost reply takes to be noticed. Whoever comes with an older one has a copy.

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
  std::string guest;  // whose it is, if a guest's
};

class SessionBook {
 public:
  template <class T>
  using Done = std::function<void(Expected<T, ErrorCode>)>;

  // Tokens that were signed for a session last `token_s` at most: as long its end has to be known.
  // All must outlive the book.
  SessionBook(DocumentStore& documents, const ClusterKey& key, Revocations& revocations,
              std::uint32_t token_s);

  void open(std::string_view user, std::string_view agent, Done<RefreshToken> done);

  // nullopt unless this cluster has made it.
  std::optional<RefreshToken> read(std::string_view token) const;
  // The next one; the same again within the grace. kUnauthorized: it does not count any more.
  void rotate(const RefreshToken& token, Done<RefreshToken> done);

  // Ends the token's session, or all of its user's, if it is one that rotate() takes. Of others
  // only a copy ends something, its session. kUnauthorized: it does not count any more.
  void log_out(const RefreshToken& token, bool all, Done<void> done);

  // Ends a session; its tokens count nowhere when `done` is told.
  void close(std::string_view user, std::uint64_t session, Done<void> done);
  // … all of a user's. Not a guest's: that has one only.
  void close_all(std::string_view user, Done<void> done);
  // Not a guest's. Expired ones are left out.
  void list(std::string_view user, Done<std::vector<SessionRecord>> done);

  // The collection of guests' sessions that were opened on a day since 1970, and what one says;
  // nullopt: it says nothing.
  static std::string guests_of(std::int64_t day);
  static std::optional<SessionRecord> record_of(std::uint64_t id, const Document& document);
  static constexpr std::int64_t kDayMs = 86'400'000;
  static constexpr std::int64_t kGuestDaysMax = 30;  // that a session lasts, however often used

  static std::uint32_t lifetime_s(std::string_view user);

  // Fills in what is about sessions.
  void count(AccountCounters& counters) const;

 private:
  enum class Standing : std::uint8_t {
    kOver,      // its session is
    kCurrent,   // the newest
    kRepeated,  // the one before, not long ago
    kCopied,    // an older one: somebody else has been given the newest
  };
  static Standing standing_of(const RefreshToken& token,
                              const std::optional<SessionRecord>& record);
  RefreshToken make_token(std::string_view user, std::uint64_t session,
                          std::uint64_t generation) const;
  std::string signature(std::string_view user, std::uint64_t session,
                        std::uint64_t generation) const;
  void rotate_once(const RefreshToken& token, int attempts, Done<RefreshToken> done);
  void judge(const RefreshToken& token, int attempts, const Document& document,
             Done<RefreshToken> done);
  void end(const std::string& user, std::uint64_t session, Done<void> done);
  void close_each(std::string user, std::vector<SessionRecord> left, Done<void> done);
  void drop_oldest(std::string_view user);

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

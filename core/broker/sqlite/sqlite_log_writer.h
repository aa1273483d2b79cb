// SPDX-License-Identifier: MIT
#pragma once
// Writes the channels' logs of an embedded store. Private to core/broker.
//
// What it knows of channels without asking is true as long as it is the only writer and every
// transaction succeeds: after one that did not, roll_back().

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/base/random.h"
#include "core/broker/broker_settings.h"
#include "core/broker/sqlite/sqlite_channel_table.h"
#include "core/broker/sqlite/sqlite_database.h"
#include "core/broker/sqlite/sqlite_message_table.h"
#include "core/broker/sqlite/sqlite_transaction.h"

namespace chirm {

class SqliteLogWriter {
 public:
  // The database must outlive it, and be open for writing.
  explicit SqliteLogWriter(SqliteDatabase& database)
      : database_(database), table_(database), messages_(database) {}
  // Once, before all else.
  [[nodiscard]] Expected<void, Error> prepare();

  // These are for within a transaction, which begins with begin_transaction(). They fill in the
  // results, and return SQLITE_DONE or what went wrong.
  void begin_transaction(const BrokerSettings& settings, std::int64_t now_ms);
  int write(SqliteWrite& write, const BrokerSettings& settings, std::int64_t now_ms);
  // What was rewritten, for the index.
  struct Replaced {
    std::int64_t channel;
    std::string old_body;
  };
  // `replaced` is filled in when the result is Rewritten::kDone.
  int rewrite(SqliteRewrite& rewrite, Replaced& replaced);
  // The publication that the transaction has added last; channel 0: none.
  const SqliteNewest& newest() const { return newest_; }
  // Somebody else has written into the database: what is known is read again. Behind
  // begin_transaction().
  void forget_known() { channels_.clear(); }
  // The transaction has failed.
  void roll_back();

  // Outside of a transaction, after one has failed: fills in the positions of the looks among these
  // writes, as far as their channels exist; all other positions are left without an epoch. Needs no
  // room on the disk.
  void look(std::vector<SqliteWrite>& writes);

  // Deletes what is older than the settings say, a bounded amount; true when there is more. A
  // channel's numbering outlives its publications by BrokerSettings::kNumberingMs, and begins that
  // time anew with each look at the channel.
  [[nodiscard]] Expected<bool, Error> forget_old(const BrokerSettings& settings,
                                                 std::int64_t now_ms);

 private:
  struct Channel {
    std::int64_t id;
    std::string epoch;
    std::uint64_t top;
    std::int64_t touched_ms;
  };

  // Message ids that were stored up to then are forgotten.
  std::int64_t forgotten_until_ms(const BrokerSettings& settings, std::int64_t now_ms);
  int forget_publications(std::int64_t until_ms, std::int64_t now_ms, bool& has_found);
  int find_or_add(const std::string& name, std::int64_t now_ms, Channel*& found);
  int look_at(SqliteWrite& write);
  int keep_numbering(Channel& channel, std::int64_t now_ms);
  // `message_key` is "" when the write has no message id.
  int append(Channel& channel, const SqliteWrite& write, std::string message_key,
             const BrokerSettings& settings, std::int64_t now_ms);

  SqliteDatabase& database_;
  SqliteChannelTable table_;
  SqliteMessageTable messages_;
  SqliteStatement add_channel_, touch_, find_silent_, forget_channels_;
  SqliteStatement add_publication_, trim_, find_publication_, replace_body_;
  std::int64_t first_ms_ = 0;  // the time of the first call; 0: there was none
  std::unordered_map<std::string, Channel> channels_;  // known without asking
  SqliteNewest newest_;
  Random random_;  // for epochs
};

}  // namespace chirm

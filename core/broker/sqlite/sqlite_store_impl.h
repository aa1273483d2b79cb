// SPDX-License-Identifier: MIT
#pragma once
// What an open store holds: the database, its statements, and what the writer knows without asking.
// Private to sqlite_store*.cc.

#include <sqlite3.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "core/base/error.h"
#include "core/base/random.h"
#include "core/broker/message_ids.h"
#include "core/broker/sqlite/sqlite_statement.h"
#include "core/broker/sqlite/sqlite_store.h"
#include "core/loop/socket.h"

namespace chirm {

struct SqliteStore::Impl {
  // Message ids that are remembered, at most; beyond, the oldest go before their time.
  static constexpr std::size_t kMessageIdsMax = 2'000'000;

  struct Close {
    void operator()(sqlite3* opened) const { sqlite3_close(opened); }
  };

  std::string path;
  Random random;
  Socket lock;  // a file descriptor; its lock goes with it
  std::unique_ptr<sqlite3, Close> database;
  // Declared behind the database, so that they are gone before it.
  SqliteStatement begin, commit, rollback;
  SqliteStatement find_channel, read_top, add_channel, touch, add_publication, trim;
  SqliteStatement add_message;
  SqliteStatement find_publication, replace_body;
  SqliteStatement forget_channels, forget_messages;
  SqliteStatement read_forward, read_backward;
  SqliteStatement find_document, put_document, remove_document, clear_documents;
  SqliteStatement list_documents, count_documents;
  SqliteStatement read_indexed, note_indexed, read_to_index, add_words, remove_words, find_words;

  // What the writer knows without asking. Emptied after a failed transaction.
  struct Channel {
    std::int64_t id;
    std::string epoch;
    std::uint64_t top;
    std::int64_t touched_ms;
  };
  std::unordered_map<std::string, Channel> channels;
  MessageIds message_ids{kMessageIdsMax};
  std::size_t message_ids_added = 0;  // by the transaction that is being written

  static std::string message_key(std::int64_t channel, std::string_view user, std::string_view id) {
    std::string key(reinterpret_cast<const char*>(&channel), sizeof channel);
    key += user;
    key += '\0';
    return key += id;
  }

  Error error(const std::string& what) const {
    return Error{path + ": " + what + ": " + sqlite3_errmsg(database.get())};
  }
  Expected<void, Error> run(const char* sql, const char* what) {
    if (sqlite3_exec(database.get(), sql, nullptr, nullptr, nullptr) == SQLITE_OK) return {};
    return Unexpected<Error>(error(what));
  }
  Expected<std::int64_t, Error> ask(const char* sql) {
    SqliteStatement statement;
    if (statement.prepare(database.get(), sql) != SQLITE_OK || statement.step() != SQLITE_ROW) {
      return Unexpected<Error>(error("cannot be read"));
    }
    return statement.number(0);
  }

  Expected<void, Error> open(int flags);
  Expected<void, Error> take_lock();
  Expected<void, Error> set_up();
  Expected<void, Error> check_power_failure(StoreSync sync);
  Expected<void, Error> prepare_writing();
  bool prepare_indexing();
  Expected<void, Error> prepare_reading();
  Expected<void, Error> load_messages();
  int find_or_add(const std::string& name, std::int64_t now_ms, Channel*& found);
  // The position of a channel that exists; SQLITE_DONE also when it does not.
  int look_at(Write& write);
  int write_one(Write& write, const BrokerSettings& settings, std::int64_t now_ms);
  // SQLITE_DONE or what went wrong.
  int change(DocumentChange& change);
  int rewrite_one(Rewrite& rewrite);
  int index_some(const std::string& channel_name, bool& has_more);
  int indexed_until(std::int64_t channel, std::int64_t& offset);
  int reindex(std::int64_t channel, const Rewrite& rewrite, std::string_view old_body);
  Expected<void, Error> forget_index();
  int find_matches(std::int64_t channel, const Search& search, SearchResult& result);
  int find(const std::string& collection, const std::string& id, Document& found);
};

}  // namespace chirm

// SPDX-License-Identifier: MIT
#pragma once
// Brings a database that was opened for writing into use: whether it is as it was left, what
// follows from that, and the schema. Private to core/broker.
//
// When it may lack something that it has had, every channel gets a new epoch before anything else
// is written, and the old one becomes an ancestor (core/broker/position.h).

#include <string>

#include "core/base/error.h"
#include "core/base/random.h"
#include "core/broker/sqlite/sqlite_database.h"
#include "core/broker/sqlite/sqlite_witness.h"
#include "protocol/expected.h"

namespace chirm {

class SqliteOpening {
 public:
  // Both must outlive it; nothing of the database has been read yet.
  SqliteOpening(SqliteDatabase& database, SqliteWitness& witness)
      : database_(database), witness_(witness) {}
  // Once. When it fails, the database must not be used.
  [[nodiscard]] Expected<void, Error> run(StoreSync sync);

 private:
  [[nodiscard]] Expected<void, Error> set_up();
  SqliteFound look();
  [[nodiscard]] Expected<void, Error> verify();
  [[nodiscard]] Expected<void, Error> make_schema();
  [[nodiscard]] Expected<void, Error> start_epochs(StoreSync sync);
  std::string damage();

  SqliteDatabase& database_;
  SqliteWitness& witness_;
  std::int64_t version_ = 0;  // of the schema that was found
  std::string doubt_;         // why_doubtful()
  std::string life_;
  Random random_;
};

}  // namespace chirm

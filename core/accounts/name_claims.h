// SPDX-License-Identifier: MIT
#pragma once
// Who has which look (name_rules.h): a document for each, in the name of an account. All calls are
// on the loop's thread; none calls back before it has returned. Private to core/accounts.

#include <string>

#include "core/accounts/account_documents.h"
#include "core/accounts/account_errors.h"
#include "core/base/guard.h"
#include "core/broker/document_store.h"
#include "core/loop/loop.h"

namespace chirm {

class NameClaims {
 public:
  // All must outlive the claims.
  NameClaims(Loop& loop, DocumentStore& documents, AccountDocuments& accounts)
      : loop_(loop), documents_(documents), accounts_(accounts) {}

  // Takes the look of a name that is about to be registered. kNameTaken: an account has it, or
  // somebody who is registering now. A claim without an account ends after kClaimMs.
  void claim(const std::string& name, AccountDone<void> done);
  // An account that is there has its look, if nobody else has: older ones have no document yet.
  void note(const std::string& name);

  static constexpr std::int64_t kClaimMs = 60'000;

 private:
  void decide(const std::string& name, const Document& there, AccountDone<void> done);
  void put(const std::string& name, std::uint64_t version, AccountDone<void> done);

  Loop& loop_;
  DocumentStore& documents_;
  AccountDocuments& accounts_;
  Guard guard_;
};

}  // namespace chirm

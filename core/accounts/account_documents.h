// SPDX-License-Identifier: MIT
#pragma once
// Accounts as documents of the store: read, made, and changed by compare-and-set. All calls are on
// the loop's thread, and none calls back before it has returned. Private to core/accounts.

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "core/accounts/account_errors.h"
#include "core/base/guard.h"
#include "core/broker/document_store.h"

namespace chirm {

struct Account {
  std::string name = {};  // as it was registered; its user is the lower-case form
  std::string hash = {};  // of the password
  std::int64_t created_ms = 0;
  std::uint64_t changes = 0;  // of the password
  bool is_operators = false;  // its password was set by the operator
  std::uint64_t version = 0;  // of the document; 0: there is none
};

class AccountDocuments {
 public:
  template <class T>
  using Done = AccountDone<T>;

  // The store must outlive this. Once this has gone, nothing is called back.
  explicit AccountDocuments(DocumentStore& documents) : documents_(documents) {}

  // Errors of all: kBusy, when the store is away or what it has is no account.

  // An account of version 0: there is none.
  void get(std::string_view user, Done<Account> done);
  // Stores the account if its version is still that of the document. False: it is not. What the
  // document says then comes with it.
  struct Put {
    bool is_stored = false;
    std::optional<Account> current;  // nullopt: there is none, or it is no account
  };
  void put(std::string_view user, const Account& account, Done<Put> done);
  // Changes an account as it is then, or leaves it when `change` returns an error. May call that
  // several times, each time with a newer account. kUnauthorized: there is none.
  using Change = std::function<std::optional<AccountError>(Account&)>;
  void update(std::string_view user, Change change, Done<void> done);

 private:
  void update_once(std::string_view user, Change change, int attempts, Done<void> done);

  DocumentStore& documents_;
  Guard guard_;
};

}  // namespace chirm

// SPDX-License-Identifier: MIT
#pragma once
// Which accounts are administrators. Private to core/accounts.

#include <functional>
#include <set>
#include <string>
#include <string_view>

#include "core/accounts/account_documents.h"
#include "core/accounts/user_role.h"

namespace chirm {

class AccountRoles {
 public:
  using Names = std::set<std::string, std::less<>>;

  // Both must outlive the roles. Looks at the accounts of all who are named, so that the log says
  // at once which of them are no administrators.
  AccountRoles(AccountDocuments& documents, const Names& admins);

  // The role of a user with that account. Who is named as an administrator is one only if the
  // operator has set the password; else the log says so, once.
  UserRole role_of(std::string_view user, const Account& account);

 private:
  const Names& admins_;
  Names warned_of_;
};

}  // namespace chirm

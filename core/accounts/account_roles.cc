// SPDX-License-Identifier: MIT
#include "core/accounts/account_roles.h"

#include <spdlog/spdlog.h>

#include "core/accounts/user_name.h"

namespace chirm {

AccountRoles::AccountRoles(AccountDocuments& documents, const Names& admins) : admins_(admins) {
  for (const std::string& user : admins_) {
    documents.get(user, [this, user](const Expected<Account, AccountError>& account) {
      if (account && account->version != 0) (void)role_of(user, *account);
    });
  }
}

// Somebody may have registered the name before the operator thought of it: then whoever that is
// knows the password, and must not become an administrator by it.
UserRole AccountRoles::role_of(std::string_view user, const Account& account) {
  if (is_guest(user)) return UserRole::kGuest;
  if (!admins_.contains(user)) return UserRole::kUser;
  if (account.is_operators) return UserRole::kAdmin;
  if (warned_of_.emplace(user).second) {
    spdlog::error(
        "{} is no administrator, for whoever registered the name has the password; if the account "
        "is to be one, set its password with chirmd --set-password {}",
        user, user);
  }
  return UserRole::kUser;
}

}  // namespace chirm

// SPDX-License-Identifier: MIT
#include "core/accounts/password_check.h"

#include <utility>

#include "core/accounts/user_name.h"
#include "core/base/check.h"
#include "core/loop/loop.h"

namespace chirm {

using namespace account_errors;

namespace {

// A network is an address, which has no space.
std::string there(const std::string& user, const std::string& network) {
  return user + ' ' + network;
}

}  // namespace

PasswordCheck::PasswordCheck(Loop& loop, AccountDocuments& accounts, const Revocations& revocations,
                             const AccountSettings& settings)
    : loop_(loop),
      accounts_(accounts),
      revocations_(revocations),
      per_address_(settings.per_address),
      per_name_there_(settings.per_name_there),
      per_name_(settings.per_name),
      per_device_(settings.per_device),
      per_name_on_devices_(settings.per_name_on_devices),
      hasher_(loop, settings.cost, settings.hash_queue_max) {}

// An attempt is counted before it is looked at, by all that may refuse it: else a thousand at once
// would all be looked at before the first has failed.
//
// From one network a name can be tried so often that a typo does no harm, and whoever goes on there
// is stopped there: what was refused for the network does not count for the name, or a stranger
// could lock its owner out everywhere.
std::optional<AccountError> PasswordCheck::begin(const Attempt& attempt) {
  if (!attempt.device.empty()) return begin_on_device(attempt);
  const std::uint64_t now_ms = loop_.now_ms();
  if (const auto wait_ms = per_address_.take(attempt.network, now_ms)) {
    return too_many_requests(wait_ms);
  }
  if (attempt.user.empty()) return std::nullopt;
  const std::string pair = there(attempt.user, attempt.network);
  if (const auto wait_ms = per_name_there_.take(pair, now_ms)) return too_many_requests(wait_ms);
  if (const auto wait_ms = per_name_.take(attempt.user, now_ms)) {
    per_name_there_.give_back(pair);
    return too_many_requests(wait_ms);
  }
  return std::nullopt;
}

// However many strangers guess at the name: who sits at its owner's own device is not one of them.
// A thief who has the device, or only what it keeps, gets no more guesses than one network. And
// whoever signs in to an account of his own on ever more devices gets only so many for all of them.
std::optional<AccountError> PasswordCheck::begin_on_device(const Attempt& attempt) {
  const std::uint64_t now_ms = loop_.now_ms();
  const std::string pair = there(attempt.user, attempt.device);
  if (const auto wait_ms = per_device_.take(pair, now_ms)) return too_many_requests(wait_ms);
  if (const auto wait_ms = per_name_on_devices_.take(attempt.user, now_ms)) {
    per_device_.give_back(pair);
    return too_many_requests(wait_ms);
  }
  return std::nullopt;
}

// An attempt that could not be looked at does not count at all. One that was right counts for the
// address only: an address that logs in to many accounts is slowed down even if it knows them.
void PasswordCheck::give_back(const Attempt& attempt, bool is_right) {
  if (!attempt.device.empty()) {
    per_device_.give_back(there(attempt.user, attempt.device));
    per_name_on_devices_.give_back(attempt.user);
    return;
  }
  if (!is_right) per_address_.give_back(attempt.network);
  if (attempt.user.empty()) return;
  per_name_there_.give_back(there(attempt.user, attempt.network));
  per_name_.give_back(attempt.user);
}

// A name that no account can have takes the same way, with an account that does not exist: how long
// an answer takes tells nobody which names there are.
void PasswordCheck::check(const Origin& origin, const std::string& name,
                          const std::string& password, Done<Account> done) {
  const std::string user = user_of(name);
  const bool can_be = is_account_name(name);
  const Attempt attempt{throttle_key(origin.address), can_be ? user : "",
                        can_be ? origin.device : ""};
  if (const auto too_many = begin(attempt)) return done(failed<Account>(*too_many));
  const auto verify = [=, this](const Account& account) {
    const bool is_taken_on =
        hasher_.verify(password, account.hash, [=, this](const PasswordHasher::Verdict& verdict) {
          on_verdict(attempt, account, verdict, done);
        });
    if (is_taken_on) return;
    give_back(attempt, false);
    done(failed<Account>(busy()));
  };
  if (!can_be) return verify({});
  accounts_.get(user,
                [this, attempt, verify, done](const Expected<Account, AccountError>& account) {
                  if (account) return verify(*account);
                  give_back(attempt, false);
                  done(failed<Account>(account.error()));
                });
}

// That somebody is banned is told only to who knows the password.
void PasswordCheck::on_verdict(const Attempt& attempt, const Account& account,
                               const PasswordHasher::Verdict& verdict, const Done<Account>& done) {
  CHIRM_CHECK(!(verdict.is_right && verdict.is_unknown), attempt.user);
  const bool is_known = !verdict.is_unknown && revocations_.is_loaded();
  if (!is_known || verdict.is_right) give_back(attempt, is_known);
  if (!is_known) return done(failed<Account>(busy()));
  if (!verdict.is_right) return done(failed<Account>(wrong_password()));
  CHIRM_CHECK(account.version != 0, attempt.user);
  if (const auto ban = revocations_.ban_of(attempt.user)) {
    return done(failed<Account>(banned(ban->reason)));
  }
  if (!verdict.better_hash.empty()) {
    Account better = account;
    better.hash = verdict.better_hash;
    // Should somebody else be faster, the next log-in does it.
    accounts_.put(attempt.user, better, [](const auto&) {});
  }
  done(account);
}

}  // namespace chirm

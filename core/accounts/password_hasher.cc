// SPDX-License-Identifier: MIT
#include "core/accounts/password_hasher.h"

#include <sodium.h>

#include <array>
#include <utility>

#include "core/accounts/secrets.h"
#include "core/base/check.h"

namespace chirm {

namespace {

std::string hash_now(const std::string& password, const PasswordCost& cost) {
  std::array<char, crypto_pwhash_STRBYTES> hash{};
  const int rc = crypto_pwhash_str_alg(hash.data(), password.data(), password.size(), cost.passes,
                                       cost.bytes, crypto_pwhash_ALG_ARGON2ID13);
  return rc == 0 ? std::string(hash.data()) : std::string();
}

PasswordHasher::Verdict verify_now(const std::string& password, const std::string& hash,
                                   const PasswordCost& cost) {
  PasswordHasher::Verdict verdict;
  verdict.is_right = crypto_pwhash_str_verify(hash.c_str(), password.data(), password.size()) == 0;
  const bool is_dated = verdict.is_right &&
                        crypto_pwhash_str_needs_rehash(hash.c_str(), cost.passes, cost.bytes) != 0;
  if (is_dated) verdict.better_hash = hash_now(password, cost);
  return verdict;
}

}  // namespace

PasswordHasher::PasswordHasher(Loop& loop, PasswordCost cost, std::size_t queue_max)
    : cost_(cost), thread_(loop, queue_max) {
  const int rc = sodium_init();
  CHIRM_CHECK(rc >= 0, rc);
}

bool PasswordHasher::hash(std::string password, std::function<void(std::string hash)> done) {
  auto result = std::make_shared<std::string>();
  return thread_.run(
      [result, cost = cost_, password = std::move(password)]() mutable {
        *result = hash_now(password, cost);
        sodium_memzero(password.data(), password.size());
      },
      [result, done = std::move(done)] { done(std::move(*result)); });
}

bool PasswordHasher::verify(std::string password, std::string hash,
                            std::function<void(Verdict)> done) {
  auto verdict = std::make_shared<Verdict>();
  return thread_.run(
      [verdict, decoy = decoy_, cost = cost_, password = std::move(password),
       hash = std::move(hash)]() mutable {
        if (decoy->empty()) *decoy = hash_now(to_hex(random_bytes(32)), cost);
        *verdict = verify_now(password, hash.empty() ? *decoy : hash, cost);
        if (hash.empty()) verdict->is_right = false;
        sodium_memzero(password.data(), password.size());
      },
      [verdict, done = std::move(done)] { done(std::move(*verdict)); });
}

}  // namespace chirm

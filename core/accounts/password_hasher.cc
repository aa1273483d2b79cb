// SPDX-License-Identifier: MIT
#include "core/accounts/password_hasher.h"

#include <sodium.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <optional>
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

// What hash_now() has made, taken apart: "$argon2id$v=19$m=…,t=…,p=1$<salt>$<hash>".
struct HashFields {
  unsigned kib = 0;
  unsigned passes = 0;
  std::array<unsigned char, crypto_pwhash_SALTBYTES> salt{};
  std::array<unsigned char, 32> hash{};
};

template <std::size_t N>
bool from_base64(std::array<unsigned char, N>& bytes, const char* text) {
  std::size_t size = 0;
  return sodium_base642bin(bytes.data(), N, text, std::strlen(text), nullptr, &size, nullptr,
                           sodium_base64_VARIANT_ORIGINAL_NO_PADDING) == 0 &&
         size == N;
}

std::optional<HashFields> parse(const std::string& hash) {
  HashFields fields;
  std::array<char, 65> salt{};
  std::array<char, 65> its_hash{};
  const int read = std::sscanf(hash.c_str(), "$argon2id$v=19$m=%9u,t=%9u,p=1$%64[^$]$%64s",
                               &fields.kib, &fields.passes, salt.data(), its_hash.data());
  if (read != 4 || !from_base64(fields.salt, salt.data())) return std::nullopt;
  if (!from_base64(fields.hash, its_hash.data())) return std::nullopt;
  return fields;
}

// crypto_pwhash_str_verify() does not tell a wrong password from want of memory, and the latter
// must not count as a failed attempt. So the hash is taken apart and made again here.
PasswordHasher::Verdict verify_now(const std::string& password, const std::string& hash,
                                   const PasswordCost& cost) {
  PasswordHasher::Verdict verdict;
  const auto fields = parse(hash);
  if (!fields) return verdict;
  auto made = fields->hash;
  errno = 0;
  const int rc =
      crypto_pwhash(made.data(), made.size(), password.data(), password.size(), fields->salt.data(),
                    fields->passes, std::size_t{1024} * fields->kib, crypto_pwhash_ALG_ARGON2ID13);
  verdict.is_unknown = rc != 0 && errno != EINVAL;
  verdict.is_right =
      rc == 0 && sodium_memcmp(made.data(), fields->hash.data(), fields->hash.size()) == 0;
  sodium_memzero(made.data(), made.size());
  const bool is_dated = verdict.is_right &&
                        crypto_pwhash_str_needs_rehash(hash.c_str(), cost.passes, cost.bytes) != 0;
  if (is_dated) verdict.better_hash = hash_now(password, cost);
  return verdict;
}

}  // namespace

PasswordHasher::PasswordHasher(Loop& loop, PasswordCost cost, std::size_t queue_max)
    : cost_(cost), thread_(loop, queue_max) {
  CHIRM_CHECK(queue_max > 0);
  const int rc = sodium_init();
  CHIRM_CHECK(rc >= 0, rc);
}

// The thread works on copies of its own, and both sides share only the result: the loop reads it
// after the thread has written it for the last time. The password is wiped where it was used.
bool PasswordHasher::hash(std::string password, std::function<void(std::string hash)> done) {
  auto result = std::make_shared<std::string>();
  return thread_.run(
      [result, cost = cost_, password = std::move(password)]() mutable {
        *result = hash_now(password, cost);
        sodium_memzero(password.data(), password.size());
      },
      [result, done = std::move(done)] { done(std::move(*result)); });
}

// Where there is no account, the password is checked against the decoy, whose cost is that of all
// new hashes: else a quick answer would tell that a name is free. The decoy is made on the thread
// with the first such call, as it takes as long as any password.
bool PasswordHasher::verify(std::string password, std::string hash,
                            std::function<void(Verdict)> done) {
  auto verdict = std::make_shared<Verdict>();
  return thread_.run(
      [verdict, decoy = decoy_, cost = cost_, password = std::move(password),
       hash = std::move(hash)]() mutable {
        if (decoy->empty()) *decoy = hash_now(to_hex(random_bytes(32)), cost);
        *verdict = verify_now(password, hash.empty() ? *decoy : hash, cost);
        if (hash.empty()) verdict->is_right = false;
        if (hash.empty() && decoy->empty()) verdict->is_unknown = true;
        sodium_memzero(password.data(), password.size());
      },
      [verdict, done = std::move(done)] { done(std::move(*verdict)); });
}

}  // namespace chirm

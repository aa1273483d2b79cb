// SPDX-License-Identifier: MIT
#include "protocol/signature.h"

#include <openssl/bn.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>

#include <array>
#include <cstring>
#include <utility>

namespace chirm {

namespace {

constexpr int kRsaBitsMin = 2048;  // RFC 7518 §3.3
constexpr std::size_t kEcdsaHalf = 32;

// OpenSSL's objects are freed by functions of their own, and some of those are macros in other
// versions; std::unique_ptr keeps each with its own.
template <auto Free>
struct FreeBy {
  template <class T>
  void operator()(T* object) const {
    Free(object);
  }
};
using Key = std::unique_ptr<EVP_PKEY, FreeBy<EVP_PKEY_free>>;

const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

// Empty when the key is as it should be. The type is bound when the key is read, so that no token
// can choose how its signature is checked (RFC 8725 §3.1).
std::string fault_of(EVP_PKEY* key, PublicKey::Type type) {
  if (type == PublicKey::Type::kRsa) {
    const bool is_rsa = EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA;
    return is_rsa && EVP_PKEY_get_bits(key) >= kRsaBitsMin
               ? ""
               : "expected an RSA public key of 2048 bits or more";
  }
  std::array<char, 64> curve{};
  const bool is_p256 = EVP_PKEY_get_base_id(key) == EVP_PKEY_EC &&
                       EVP_PKEY_get_group_name(key, curve.data(), curve.size(), nullptr) == 1 &&
                       std::strcmp(curve.data(), "prime256v1") == 0;
  return is_p256 ? "" : "expected an ECDSA public key on the curve P-256";
}

// r and s as DER (RFC 3279 §2.2.3), which is what OpenSSL takes; "" when that cannot be made.
std::string to_der(std::string_view signature) {
  const std::unique_ptr<ECDSA_SIG, FreeBy<ECDSA_SIG_free>> pair(ECDSA_SIG_new());
  BIGNUM* r = BN_bin2bn(bytes_of(signature), kEcdsaHalf, nullptr);
  BIGNUM* s = BN_bin2bn(bytes_of(signature) + kEcdsaHalf, kEcdsaHalf, nullptr);
  // set0 takes r and s over only when it succeeds.
  if (pair == nullptr || ECDSA_SIG_set0(pair.get(), r, s) != 1) {
    BN_free(r);
    BN_free(s);
    return {};
  }
  unsigned char* der = nullptr;
  const int size = i2d_ECDSA_SIG(pair.get(), &der);
  if (size <= 0) return {};
  std::string text(reinterpret_cast<const char*>(der), static_cast<std::size_t>(size));
  OPENSSL_free(der);
  return text;
}

}  // namespace

std::string hmac_sha256(std::string_view text, std::string_view secret) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned length = 0;
  if (HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()), bytes_of(text),
           text.size(), digest.data(), &length) == nullptr) {
    return {};
  }
  return {reinterpret_cast<const char*>(digest.data()), length};
}

// The lengths may be told apart: that of a digest is no secret.
bool equal_in_constant_time(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

struct PublicKey::Impl {
  Key key;
  Type type;
};

PublicKey::PublicKey(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
PublicKey::~PublicKey() = default;

Expected<std::shared_ptr<const PublicKey>, std::string> PublicKey::parse(Type type,
                                                                         std::string_view pem) {
  const std::unique_ptr<BIO, FreeBy<BIO_free>> input(
      BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  Key key(input == nullptr ? nullptr : PEM_read_bio_PUBKEY(input.get(), nullptr, nullptr, nullptr));
  if (key == nullptr) return Unexpected<std::string>("expected a public key in PEM");
  if (std::string fault = fault_of(key.get(), type); !fault.empty()) {
    return Unexpected<std::string>(std::move(fault));
  }
  return std::shared_ptr<const PublicKey>(
      new PublicKey(std::make_unique<Impl>(Impl{std::move(key), type})));
}

bool PublicKey::verify(std::string_view text, std::string_view signature) const {
  std::string der;
  if (impl_->type == Type::kEcdsa) {
    // RFC 7518 §3.4: the octets are not shortened, whatever zeros r and s begin with.
    if (signature.size() != 2 * kEcdsaHalf) return false;
    der = to_der(signature);
    if (der.empty()) return false;
    signature = der;
  }
  const std::unique_ptr<EVP_MD_CTX, FreeBy<EVP_MD_CTX_free>> context(EVP_MD_CTX_new());
  // An RSA key checks PKCS #1 v1.5 padding unless told otherwise, which is RS256.
  return context != nullptr &&
         EVP_DigestVerifyInit(context.get(), nullptr, EVP_sha256(), nullptr, impl_->key.get()) ==
             1 &&
         EVP_DigestVerify(context.get(), bytes_of(signature), signature.size(), bytes_of(text),
                          text.size()) == 1;
}

}  // namespace chirm

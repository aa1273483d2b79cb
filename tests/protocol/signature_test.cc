// SPDX-License-Identifier: MIT
// Tokens signed with private keys, and attempts to pass off others as such.
#include "protocol/signature.h"

#include <gmock/gmock.h>
#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include "protocol/base64.h"
#include "protocol/jwt.h"

namespace chirm {
namespace {

using testing::HasSubstr;
using Type = PublicKey::Type;

constexpr std::int64_t kTime = 1'700'000'000;

// A private key, as the operator's own system has it.
class PrivateKey {
 public:
  explicit PrivateKey(EVP_PKEY* key) : key_(key, &EVP_PKEY_free) {}

  static PrivateKey rsa(unsigned bits = 2048) { return PrivateKey(EVP_RSA_gen(bits)); }
  static PrivateKey ec(const char* curve = "P-256") { return PrivateKey(EVP_EC_gen(curve)); }

  std::string public_pem() const {
    const std::unique_ptr<BIO, decltype(&BIO_free)> out(BIO_new(BIO_s_mem()), &BIO_free);
    PEM_write_bio_PUBKEY(out.get(), key_.get());
    char* data = nullptr;
    const long size = BIO_get_mem_data(out.get(), &data);
    return {data, static_cast<std::size_t>(size)};
  }
  // As OpenSSL has it.
  std::string sign(const std::string& text, const EVP_MD* digest = EVP_sha256()) const {
    const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(),
                                                                          &EVP_MD_CTX_free);
    EVP_DigestSignInit(context.get(), nullptr, digest, nullptr, key_.get());
    const auto* bytes = reinterpret_cast<const unsigned char*>(text.data());
    std::size_t size = 0;
    EVP_DigestSign(context.get(), nullptr, &size, bytes, text.size());
    std::string signature(size, '\0');
    EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &size, bytes,
                   text.size());
    signature.resize(size);
    return signature;
  }
  // r and s, `half` bytes each (RFC 7518 §3.4).
  std::string sign_ecdsa(const std::string& text, int half = 32) const {
    const std::string der = sign(text);
    const auto* at = reinterpret_cast<const unsigned char*>(der.data());
    const std::unique_ptr<ECDSA_SIG, decltype(&ECDSA_SIG_free)> pair(
        d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(der.size())), &ECDSA_SIG_free);
    std::string both(2 * static_cast<std::size_t>(half), '\0');
    auto* bytes = reinterpret_cast<unsigned char*>(both.data());
    BN_bn2binpad(ECDSA_SIG_get0_r(pair.get()), bytes, half);
    BN_bn2binpad(ECDSA_SIG_get0_s(pair.get()), bytes + half, half);
    return both;
  }

 private:
  std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key_;
};

std::shared_ptr<const PublicKey> parsed(Type type, const PrivateKey& key) {
  auto result = PublicKey::parse(type, key.public_pem());
  EXPECT_TRUE(result.has_value());
  return result ? *result : nullptr;
}

std::string head_and_claims(const std::string& algorithm,
                            const std::string& claims = R"({"sub":"ada"})") {
  return base64::encode_url(R"({"alg":")" + algorithm + R"("})") + '.' + base64::encode_url(claims);
}

std::string with_signature(const std::string& text, const std::string& signature) {
  return text + '.' + base64::encode_url(signature);
}

bool is_taken(const std::string& token, const TokenKeys& keys) {
  return verify_connection_token(token, keys, kTime).has_value();
}

class SignedTokens : public ::testing::Test {
 protected:
  const PrivateKey rsa_ = PrivateKey::rsa();
  const PrivateKey ec_ = PrivateKey::ec();
  TokenKeys both_{.hmac_secret = {},
                  .rsa = parsed(Type::kRsa, rsa_),
                  .ecdsa = parsed(Type::kEcdsa, ec_),
                  .issuer = {},
                  .audience = {}};
};

TEST_F(SignedTokens, AreTakenWhenTheKeyIsTheRightOne) {
  const std::string rs = head_and_claims("RS256");
  const std::string es = head_and_claims("ES256");
  EXPECT_TRUE(is_taken(with_signature(rs, rsa_.sign(rs)), both_));
  EXPECT_TRUE(is_taken(with_signature(es, ec_.sign_ecdsa(es)), both_));
  EXPECT_FALSE(is_taken(with_signature(rs, PrivateKey::rsa().sign(rs)), both_));
  EXPECT_FALSE(is_taken(with_signature(es, PrivateKey::ec().sign_ecdsa(es)), both_));
  EXPECT_FALSE(is_taken(with_signature(rs, rsa_.sign(rs + "x")), both_));
  EXPECT_FALSE(is_taken(with_signature(es, ec_.sign_ecdsa(es + "x")), both_));
}

TEST_F(SignedTokens, AreNotTakenByAnAlgorithmWithoutAKey) {
  const std::string rs = head_and_claims("RS256");
  const std::string es = head_and_claims("ES256");
  const std::string hs = head_and_claims("HS256");
  const TokenKeys none;
  for (const std::string& text : {rs, es, hs}) {
    EXPECT_FALSE(is_taken(with_signature(text, hmac_sha256(text, "")), none));
    EXPECT_FALSE(is_taken(with_signature(text, ""), both_));
  }
  EXPECT_FALSE(is_taken(with_signature(rs, rsa_.sign(rs)), none));
}

// The public key is public: whoever takes it for a secret lets everybody in.
TEST_F(SignedTokens, AreNotTakenWhenThePublicKeyIsUsedAsASecret) {
  const std::string text = head_and_claims("HS256");
  EXPECT_FALSE(is_taken(with_signature(text, hmac_sha256(text, rsa_.public_pem())), both_));
  EXPECT_FALSE(is_taken(with_signature(text, hmac_sha256(text, ec_.public_pem())), both_));
  TokenKeys with_secret = both_;
  with_secret.hmac_secret = "secret";
  EXPECT_FALSE(is_taken(with_signature(text, hmac_sha256(text, rsa_.public_pem())), with_secret));
  EXPECT_TRUE(is_taken(with_signature(text, hmac_sha256(text, "secret")), with_secret));
}

TEST_F(SignedTokens, AreNotTakenByTheKeyOfAnotherAlgorithm) {
  const std::string rs = head_and_claims("RS256");
  const std::string es = head_and_claims("ES256");
  EXPECT_FALSE(is_taken(with_signature(rs, ec_.sign(rs)), both_));
  EXPECT_FALSE(is_taken(with_signature(rs, ec_.sign_ecdsa(rs)), both_));
  EXPECT_FALSE(is_taken(with_signature(es, rsa_.sign(es)), both_));
  for (const char* name : {"none", "NONE", "None", "", "rs256", "RS384", "RS512", "PS256", "ES384",
                           "ES512", "HS512", "EdDSA"}) {
    const std::string text = head_and_claims(name);
    EXPECT_FALSE(is_taken(with_signature(text, rsa_.sign(text)), both_)) << name;
    EXPECT_FALSE(is_taken(with_signature(text, ec_.sign_ecdsa(text)), both_)) << name;
    EXPECT_FALSE(is_taken(with_signature(text, ""), both_)) << name;
  }
  EXPECT_FALSE(is_taken(with_signature(rs, rsa_.sign(rs, EVP_sha512())), both_));
}

TEST_F(SignedTokens, AreNotTakenWithNumbersOutOfRange) {
  const std::string text = head_and_claims("ES256");
  const std::string good = ec_.sign_ecdsa(text);
  const std::string zero(32, '\0');
  const std::string ones(32, '\xff');
  const std::string r = good.substr(0, 32);
  const std::string s = good.substr(32);
  for (const std::string& bad :
       {zero + zero, r + zero, zero + s, ones + ones, r + ones, ones + s, s + r, good + "x",
        good.substr(1), r, std::string(), ec_.sign(text), std::string(1000, 'x')}) {
    EXPECT_FALSE(is_taken(with_signature(text, bad), both_)) << bad.size();
  }
  const std::string rs = head_and_claims("RS256");
  for (const std::string& bad :
       {std::string(256, '\0'), std::string(256, '\xff'), std::string(255, 'x'),
        rsa_.sign(rs) + "x", std::string(10'000, 'x')}) {
    EXPECT_FALSE(is_taken(with_signature(rs, bad), both_)) << bad.size();
  }
}

TEST_F(SignedTokens, MustHaveTheIssuerAndAudienceThatAreAskedFor) {
  TokenKeys keys = both_;
  keys.issuer = "me";
  keys.audience = "chat";
  const auto taken = [&](const std::string& claims) {
    const std::string text = head_and_claims("ES256", claims);
    return is_taken(with_signature(text, ec_.sign_ecdsa(text)), keys);
  };
  EXPECT_TRUE(taken(R"({"sub":"ada","iss":"me","aud":"chat"})"));
  EXPECT_TRUE(taken(R"({"sub":"ada","iss":"me","aud":["mail","chat"]})"));
  EXPECT_FALSE(taken(R"({"sub":"ada","aud":"chat"})"));
  EXPECT_FALSE(taken(R"({"sub":"ada","iss":"you","aud":"chat"})"));
  EXPECT_FALSE(taken(R"({"sub":"ada","iss":["me"],"aud":"chat"})"));
  EXPECT_FALSE(taken(R"({"sub":"ada","iss":"me"})"));
  EXPECT_FALSE(taken(R"({"sub":"ada","iss":"me","aud":"cha"})"));
  EXPECT_FALSE(taken(R"({"sub":"ada","iss":"me","aud":[]})"));
  EXPECT_FALSE(taken(R"({"sub":"ada","iss":"me","aud":7})"));
}

TEST(PublicKeys, AreOfTheTypeAndStrengthThatIsNeeded) {
  const auto fault = [](Type type, const std::string& pem) {
    const auto result = PublicKey::parse(type, pem);
    return result ? std::string() : result.error();
  };
  EXPECT_EQ(fault(Type::kRsa, PrivateKey::rsa().public_pem()), "");
  EXPECT_EQ(fault(Type::kEcdsa, PrivateKey::ec().public_pem()), "");
  EXPECT_THAT(fault(Type::kRsa, PrivateKey::rsa(1024).public_pem()), HasSubstr("2048 bits"));
  EXPECT_THAT(fault(Type::kRsa, PrivateKey::ec().public_pem()), HasSubstr("RSA"));
  EXPECT_THAT(fault(Type::kEcdsa, PrivateKey::rsa().public_pem()), HasSubstr("P-256"));
  EXPECT_THAT(fault(Type::kEcdsa, PrivateKey::ec("P-384").public_pem()), HasSubstr("P-256"));
  EXPECT_THAT(fault(Type::kEcdsa, PrivateKey::ec("secp256k1").public_pem()), HasSubstr("P-256"));
  for (const char* text :
       {"", "nonsense", "-----BEGIN PUBLIC KEY-----\n-----END PUBLIC KEY-----\n"}) {
    EXPECT_THAT(fault(Type::kRsa, text), HasSubstr("in PEM")) << text;
  }
}

}  // namespace
}  // namespace chirm

// SPDX-License-Identifier: MIT
// What ends a session: log-out, bans, stolen tokens, a new password, on each store.
#include "tests/core/server/signing_in_fixture.h"

namespace chirm {
namespace {

using testing::AuthNode;
using testing::AuthReply;
using ::testing::HasSubstr;
using testing::kPassword;
using testing::kTokenRefused;
using testing::RawClient;
using testing::SigningIn;
using ::testing::StartsWith;

class SigningOut : public SigningIn {};

INSTANTIATE_TEST_SUITE_P(Stores, SigningOut, ::testing::Values("memory", "sqlite", "redis"),
                         [](const auto& test) { return std::string(test.param); });

TEST_P(SigningOut, EndsASessionWhoseRefreshTokenWasCopied) {
  const AuthReply first = node().sign_up("Ada");
  const AuthReply other = log_in("ada", kPassword);
  const AuthReply second = refresh(first.text("refresh_token"));
  const AuthReply third = refresh(second.text("refresh_token"));
  RawClient& client = node().connect(third.text("token"));
  RawClient& bystander = node().connect(other.text("token"));
  const AuthReply stolen = refresh(first.text("refresh_token"));
  EXPECT_EQ(stolen.status, 401);
  EXPECT_EQ(stolen.error(), "unauthorized");
  EXPECT_TRUE(node().run_until_closed(client));
  EXPECT_EQ(client.events.close_code, 3500);
  EXPECT_EQ(node().connected(third.text("token")), kTokenRefused);
  EXPECT_EQ(refresh(third.text("refresh_token")).status, 401);
  EXPECT_EQ(bystander.events.close_code, 0);
  EXPECT_EQ(refresh(other.text("refresh_token")).status, 200);
}

TEST_P(SigningOut, EndsOneSessionWithLogOut) {
  const AuthReply one = node().sign_up("Ada");
  const AuthReply two = log_in("ada", kPassword);
  RawClient& first = node().connect(one.text("token"));
  RawClient& second = node().connect(two.text("token"));
  const AuthReply out =
      node().post("/auth/logout", AuthNode::with_refresh(one.text("refresh_token")));
  EXPECT_EQ(out.status, 200);
  EXPECT_EQ(out.body, "{}");
  EXPECT_TRUE(node().run_until_closed(first));
  EXPECT_EQ(first.events.lines.back(), kTokenRefused);
  EXPECT_EQ(node().connected(one.text("token")), kTokenRefused);
  EXPECT_EQ(refresh(one.text("refresh_token")).status, 401);
  EXPECT_EQ(second.events.close_code, 0);
  EXPECT_THAT(node().connected(two.text("token")), StartsWith("1 connect "));
  EXPECT_EQ(log_out(one).status, 401);
}

TEST_P(SigningOut, TakesNoLoggedOutTokenForALogOutOfAll) {
  const AuthReply one = node().sign_up("Ada");
  const AuthReply two = log_in("ada", kPassword);
  EXPECT_EQ(log_out(one).status, 200);
  const AuthReply again = log_out_all(one);
  EXPECT_EQ(again.status, 401);
  EXPECT_EQ(again.error(), "unauthorized");
  EXPECT_EQ(refresh(two.text("refresh_token")).status, 200);
}

TEST_P(SigningOut, EndsOnlyItsSessionWhenACopyIsToLogOutAll) {
  const AuthReply one = node().sign_up("Ada");
  const AuthReply two = log_in("ada", kPassword);
  const AuthReply next = refresh(one.text("refresh_token"));
  // A reply that was lost: the one before still counts.
  const AuthReply third = refresh(next.text("refresh_token"));
  EXPECT_EQ(log_out_all(one).status, 401);
  EXPECT_EQ(refresh(third.text("refresh_token")).status, 401);
  EXPECT_EQ(refresh(two.text("refresh_token")).status, 200);
}

TEST_P(SigningOut, TakesTheTokenBeforeForAMomentToLogOut) {
  const AuthReply one = node().sign_up("Ada");
  const AuthReply next = refresh(one.text("refresh_token"));
  EXPECT_EQ(log_out(one).status, 200);
  EXPECT_EQ(refresh(next.text("refresh_token")).status, 401);
}

TEST_P(SigningOut, TakesNoExpiredTokenToLogOut) {
  const AuthReply one = node().sign_up("Ada");
  const AuthReply two = log_in("ada", kPassword);
  expire("session:ada", one);
  EXPECT_EQ(log_out_all(one).status, 401);
  EXPECT_EQ(log_out(one).status, 401);
  EXPECT_EQ(refresh(two.text("refresh_token")).status, 200);
}

TEST_P(SigningOut, TakesNoTokenFromBeforeANewPasswordToLogOut) {
  const AuthReply old = node().sign_up("Ada");
  const AuthReply fresh = change_password("ada", kPassword, "battery staple");
  EXPECT_EQ(fresh.status, 200);
  EXPECT_EQ(log_out_all(old).status, 401);
  EXPECT_EQ(refresh(fresh.text("refresh_token")).status, 200);
}

TEST_P(SigningOut, EndsAllSessionsWithLogOutOfAll) {
  const AuthReply one = node().sign_up("Ada");
  const AuthReply two = log_in("ada", kPassword);
  const AuthReply bob = node().sign_up("Bob");
  RawClient& client = node().connect(two.text("token"));
  EXPECT_EQ(node()
                .post("/auth/logout",
                      R"({"all":true,"refresh_token":")" + one.text("refresh_token") + R"("})")
                .status,
            200);
  EXPECT_TRUE(node().run_until_closed(client));
  EXPECT_EQ(refresh(two.text("refresh_token")).status, 401);
  EXPECT_EQ(refresh(bob.text("refresh_token")).status, 200);
}

TEST_P(SigningOut, EndsAllOtherSessionsWithANewPassword) {
  const AuthReply old = node().sign_up("Ada");
  RawClient& client = node().connect(old.text("token"));
  const std::string change =
      R"({"name":"ada","password":")" + kPassword + R"(","new_password":"battery staple"})";
  const AuthReply fresh = node().post("/auth/password", change);
  EXPECT_EQ(fresh.status, 200);
  EXPECT_EQ(fresh.text("name"), "Ada");
  EXPECT_TRUE(node().run_until_closed(client));
  EXPECT_EQ(refresh(old.text("refresh_token")).status, 401);
  EXPECT_EQ(refresh(fresh.text("refresh_token")).status, 200);
  EXPECT_THAT(node().connected(fresh.text("token")), StartsWith("1 connect "));
  EXPECT_EQ(log_in("ada", kPassword).status, 401);
  EXPECT_EQ(log_in("ada", "battery staple").status, 200);
  EXPECT_EQ(node().post("/auth/password", change).status, 401);
}

TEST_P(SigningOut, KeepsABannedUserOut) {
  const AuthReply ada = node().sign_up("Ada");
  RawClient& client = node().connect(ada.text("token"));
  ban("ada", 0);
  EXPECT_TRUE(node().run_until_closed(client));
  EXPECT_EQ(node().connected(ada.text("token")), kTokenRefused);
  const AuthReply refused = log_in("ada", kPassword);
  EXPECT_EQ(refused.status, 403);
  EXPECT_THAT(refused.body, HasSubstr("You are banned: spam"));
  EXPECT_EQ(log_in("ada", "wrong password").status, 401);  // only its owner learns of it
  EXPECT_NE(refresh(ada.text("refresh_token")).status, 200);
  pardon("ada");
  const AuthReply back = log_in("ada", kPassword);
  EXPECT_EQ(back.status, 200);
  EXPECT_THAT(node().connected(back.text("token")), StartsWith("1 connect "));
}

TEST_P(SigningOut, EndsABanWithItsTime) {
  EXPECT_EQ(node().sign_up("Ada").status, 201);
  const std::int64_t until_s = node().loop.unix_ms() / 1000 + 60;
  ban("ada", until_s);
  AuthReply later = log_in("ada", kPassword);
  EXPECT_EQ(later.status, 403);
  // One second after another: what the node and the store say to each other must not be late.
  for (int i = 0; i < 61 && later.status == 403; ++i) {
    node().loop.skip_ms(1'000);
    later = log_in("ada", kPassword);
  }
  EXPECT_GE(node().loop.unix_ms() / 1000, until_s);
  EXPECT_EQ(later.status, 200);
  EXPECT_THAT(node().connected(later.text("token")), StartsWith("1 connect "));
}

}  // namespace
}  // namespace chirm

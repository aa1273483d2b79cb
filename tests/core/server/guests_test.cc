// SPDX-License-Identifier: MIT
// Guests: their names, their rights, what is left of them, on each store.
#include "tests/core/server/signing_in_fixture.h"

namespace chirm {
namespace {

using testing::AuthReply;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using testing::RawClient;
using testing::SigningIn;
using ::testing::StartsWith;

class Guests : public SigningIn {};

INSTANTIATE_TEST_SUITE_P(Stores, Guests, ::testing::Values("memory", "sqlite", "redis"),
                         [](const auto& test) { return std::string(test.param); });

TEST_P(Guests, HaveNamesThatNobodyHas) {
  const AuthReply guest = node().post("/auth/guest", R"({"name":"Ada"})");
  EXPECT_EQ(guest.status, 200);
  EXPECT_THAT(guest.text("user"), MatchesRegex("~ada-[a-z2-9]{10}"));
  EXPECT_EQ(guest.text("name"), guest.text("user"));
  EXPECT_EQ(guest.text("role"), "guest");
  EXPECT_THAT(node().connected(guest.text("token")), StartsWith("1 connect "));
  EXPECT_THAT(node().post("/auth/guest", "{}").text("user"), StartsWith("~guest-"));
  // The session is all that there is of a guest, and it goes on.
  const AuthReply next = refresh(guest.text("refresh_token"));
  EXPECT_EQ(next.text("user"), guest.text("user"));
  EXPECT_EQ(next.text("role"), "guest");
}

TEST_P(Guests, MakeNoRooms) {
  const AuthReply guest = node().post("/auth/guest", "{}");
  RawClient& client = node().connect(guest.text("token"));
  client.send(R"({"id":2,"rpc":{"method":"chat.create","data":{"room":"tea"}}})");
  EXPECT_TRUE(node().run_until([&] { return client.events.has("2 error 103"); }))
      << ::testing::PrintToString(client.events.lines);
  client.send(R"({"id":3,"rpc":{"method":"chat.room","data":{"room":"tea"}}})");
  EXPECT_TRUE(node().run_until([&] { return client.events.has("3 error 404"); }));
}

TEST_P(Guests, AreRemovedWhenTheirSessionIsOver) {
  const AuthReply gone = node().post("/auth/guest", "{}");
  const AuthReply there = node().post("/auth/guest", "{}");
  const std::string collection = "guest:" + std::to_string(node().loop.unix_ms() / 86'400'000);
  for (const AuthReply& guest : {gone, there}) {
    EXPECT_THAT(node().connected(guest.text("token")), StartsWith("1 connect "));
    EXPECT_TRUE(
        testing::ask_until([&] { return document("person", guest.text("user")).version != 0; }));
  }
  EXPECT_NE(document("member:lobby", gone.text("user")).version, 0U);
  expire(collection, gone);
  node().server.accounts()->guest_sweep().run();
  const auto is_gone = [&](const std::string& where, const std::string& id) {
    return document(where, id).version == 0;
  };
  const std::string session = gone.text("refresh_token").substr(0, 16);
  EXPECT_TRUE(testing::ask_until([&] { return is_gone(collection, session); }));
  EXPECT_TRUE(is_gone("person", gone.text("user")));
  EXPECT_TRUE(is_gone("member:lobby", gone.text("user")));
  EXPECT_TRUE(is_gone("list:" + gone.text("user"), "room:lobby"));
  EXPECT_FALSE(is_gone("person", there.text("user")));
  EXPECT_FALSE(is_gone("member:lobby", there.text("user")));
  EXPECT_EQ(refresh(there.text("refresh_token")).status, 200);
  EXPECT_EQ(refresh(gone.text("refresh_token")).status, 401);
}

TEST_P(Guests, OfLongAgoAreRemovedAfterALongRest) {
  const std::int64_t today = node().loop.unix_ms() / 86'400'000;
  const std::string old = "guest:" + std::to_string(today - 200);
  store(old, "00000000000000aa", 0,
        R"({"generation":0,"created":1000,"used":1000,"until":1000,"agent":"","guest":"~x-1"})");
  store("sweep", "guests", 0, R"({"day":)" + std::to_string(today - 201) + R"(,"at":1000})");
  node().server.accounts()->guest_sweep().run();
  EXPECT_TRUE(testing::ask_until([&] { return document(old, "00000000000000aa").version == 0; }));
}

TEST_P(Guests, AreOnRecordAfterTheyHaveLoggedOut) {
  const AuthReply guest = node().post("/auth/guest", "{}");
  EXPECT_EQ(log_out(guest).status, 200);
  EXPECT_EQ(refresh(guest.text("refresh_token")).status, 401);
  EXPECT_EQ(log_out(guest).status, 401);
  const std::string collection = "guest:" + std::to_string(node().loop.unix_ms() / 86'400'000);
  EXPECT_THAT(document(collection, guest.text("refresh_token").substr(0, 16)).value,
              HasSubstr(guest.text("user")));
}

}  // namespace
}  // namespace chirm

// SPDX-License-Identifier: MIT
#include "core/accounts/user_name.h"

#include <gmock/gmock.h>

#include <set>

#include "core/accounts/secrets.h"

namespace chirm {
namespace {

TEST(UserName, IsTheSameInAnyCase) { EXPECT_EQ(user_of("Ada.L-1_X"), "ada.l-1_x"); }

TEST(UserName, OfAGuestIsNobodysAccount) {
  std::set<std::string> names;
  for (int i = 0; i < 1000; ++i) names.insert(make_guest_name("Ada"));
  EXPECT_EQ(names.size(), 1000U);
  for (const std::string& name : names) {
    EXPECT_TRUE(is_guest(name));
    EXPECT_FALSE(is_account_name(name));
    EXPECT_FALSE(is_external_user(name));
  }
}

TEST(Ids, AreReadAsTheyAreWrittenOnly) {
  EXPECT_EQ(id_to_text(0xabc), "0000000000000abc");
  EXPECT_EQ(id_from_text("0000000000000abc"), 0xabcU);
  EXPECT_EQ(id_from_text("ffffffffffffffff"), UINT64_MAX);
  for (const auto text : {"", "abc", "0000000000000ABC", "00000000000000abc", "+000000000000abc",
                          "000000000000xabc"}) {
    EXPECT_EQ(id_from_text(text), std::nullopt) << text;
  }
  EXPECT_EQ(from_hex("00ff"), std::string("\0\xff", 2));
  for (const auto text : {"0", "0g", "FF", "+1"}) EXPECT_EQ(from_hex(text), std::nullopt) << text;
}

}  // namespace
}  // namespace chirm

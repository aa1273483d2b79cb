// SPDX-License-Identifier: MIT
#include "core/accounts/name_rules.h"

#include <gtest/gtest.h>

#include <string>

#include "core/accounts/user_name.h"

namespace chirm {
namespace {

TEST(NameRules, SayWhatLooksTheSame) {
  for (const char* name : {"PauI", "Pau1", "PAUL", "paul"}) EXPECT_EQ(look_of(name), "paul");
  EXPECT_EQ(look_of("B0b"), look_of("bob"));
  EXPECT_EQ(look_of("rnary"), look_of("mary"));
  EXPECT_NE(look_of("ada"), look_of("adam"));
  EXPECT_NE(look_of("ada.l"), look_of("adal"));
}

TEST(NameRules, KnowTheServersNames) {
  for (const char* name : {"admin", "ADMIN", "AdmIn", "system", "r00t", "Chirrn", "SERVER"}) {
    EXPECT_TRUE(is_reserved(name)) << name;
  }
  for (const char* name : {"ada", "admiral", "roots", "system32", "adrian"}) {
    EXPECT_FALSE(is_reserved(name)) << name;
  }
}

TEST(NameRules, KnowPasswordsThatAreGuessedFirst) {
  for (const char* password : {"password", "Passw0rd", "iloveyou", "qwerty123", "aaaaaaaaaaaa",
                               "abcdefgh", "babbage1815", "xBABBAGEx", "chirmchirm"}) {
    EXPECT_TRUE(is_easily_guessed(password, "Babbage")) << password;
  }
  for (const char* password : {"correct horse", "xk3Jq9!vP", "vier gelbe Enten"}) {
    EXPECT_FALSE(is_easily_guessed(password, "Babbage")) << password;
  }
  // A short name is in many words, and is no better a password for that.
  EXPECT_FALSE(is_easily_guessed("parade of tigers", "ada"));
  EXPECT_TRUE(is_easily_guessed("ada12345", "ada"));
}

TEST(NameRules, TakePasswordsOfAnyBytes) {
  EXPECT_FALSE(is_easily_guessed(std::string("\xff\xfe\x80 zwölf Möwen", 18), "ada"));
  EXPECT_TRUE(is_easily_guessed(std::string("\0\0\0\0\0\0\0\0", 8), "ada"));
  (void)is_easily_guessed(std::string(128, 'a'), std::string(32, 'a'));
}

}  // namespace
}  // namespace chirm

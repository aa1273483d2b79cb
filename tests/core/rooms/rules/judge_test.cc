// SPDX-License-Identifier: MIT
// The rules of rooms and private conversations as tables: every wish of everybody.
#include "core/rooms/rules/judge.h"

#include <gtest/gtest.h>

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace chirm {
namespace {

constexpr std::uint64_t kNow = 1'000'000;
constexpr std::string_view kUser = "ada";

// ---- Rooms

// The columns of the tables.
constexpr std::array kWishes{Wish::kKnow,  Wish::kSee,     Wish::kRead,     Wish::kJoin,
                             Wish::kLeave, Wish::kPublish, Wish::kModerate, Wish::kOwn};

char letter_of(const Result<void>& verdict) {
  if (verdict) return '+';
  const RpcError& error = verdict.error();
  const std::vector<std::pair<char, std::string>> refusals{
      {'?', "404 no such room"},
      {'s', "103 sign in first"},
      {'b', "103 banned: spam"},
      {'m', "103 muted: caps"},
      {'a', "103 the room is archived"},
      {'j', "103 join the room first"},
      {'h', "103 hand the room over first"},
      {'M', "103 only moderators may do that"},
      {'O', "103 only the owner may do that"},
  };
  for (const auto& [letter, text] : refusals) {
    if (text == std::to_string(error.code) + " " + error.message) return letter;
  }
  ADD_FAILURE() << error.code << ' ' << error.message;
  return '!';
}

struct Somebody {
  std::string what;
  MemberRecord member = {};
  UserRole role = UserRole::kUser;
  bool is_owner = false;
  bool is_nameless = false;
};

MemberRecord member_of(MemberRecord::Role role) {
  MemberRecord record;
  record.role = role;
  return record;
}
RoomRecord room_of_olga(bool is_public = true, bool is_archived = false) {
  RoomRecord room;
  room.is_public = is_public;
  room.is_archived = is_archived;
  room.owner = "olga";
  return room;
}
MemberRecord with_ban(MemberRecord record, std::uint64_t until = kForGood) {
  record.ban = {until, "spam", "olga"};
  return record;
}
MemberRecord with_mute(MemberRecord record, std::uint64_t until = kForGood) {
  record.mute = {until, "caps", "olga"};
  return record;
}
MemberRecord invited(MemberRecord record = {}) {
  record.invited_by = "olga";
  return record;
}

// The rows of the tables.
std::vector<Somebody> everybody() {
  const MemberRecord none;
  const MemberRecord member = member_of(MemberRecord::Role::kMember);
  const MemberRecord moderator = member_of(MemberRecord::Role::kModerator);
  constexpr auto kUserRole = UserRole::kUser;
  constexpr auto kAdmin = UserRole::kAdmin;
  return {
      {"nameless", none, kUserRole, false, true},
      {"stranger", none},
      {"invited", invited()},
      {"member", member},
      {"moderator", moderator},
      {"owner", member, kUserRole, true},
      {"owner who is not in the room", none, kUserRole, true},
      {"banned", with_ban(none)},
      {"banned and invited", with_ban(invited())},
      {"banned, with a role left in the record", with_ban(moderator)},
      {"banned until now", with_ban(none, kNow)},
      {"muted member", with_mute(member)},
      {"member muted until now", with_mute(member, kNow)},
      {"muted moderator", with_mute(moderator)},
      {"administrator", none, kAdmin},
      {"administrator who is a member", member, kAdmin},
      {"administrator who is muted", with_mute(member), kAdmin},
      {"administrator who is banned", with_ban(member), kAdmin},
      {"administrator who owns the room", member, kAdmin, true},
  };
}

class JudgeTest : public ::testing::Test {
 protected:
  static std::string verdicts(RoomRecord room, const Somebody& one, UserRole role) {
    if (one.is_owner) room.owner = kUser;
    std::string letters;
    for (const Wish wish : kWishes) {
      letters += letter_of(judge(wish, room, one.member, one.is_nameless ? "" : kUser, role, kNow));
    }
    return letters;
  }
  // One row of letters for each of everybody(): know, see, read, join, leave, publish, moderate,
  // own.
  static void expect(bool is_public, bool is_archived, const std::vector<std::string>& rows) {
    const RoomRecord room = room_of_olga(is_public, is_archived);
    const std::vector<Somebody> people = everybody();
    ASSERT_EQ(rows.size(), people.size());
    for (std::size_t i = 0; i < rows.size(); ++i) {
      EXPECT_EQ(verdicts(room, people[i], people[i].role), rows[i]) << people[i].what;
      // A guest may do in a room what a user may.
      if (people[i].role != UserRole::kUser) continue;
      EXPECT_EQ(verdicts(room, people[i], UserRole::kGuest), rows[i]) << "guest " << people[i].what;
    }
  }
};

TEST_F(JudgeTest, PublicRoomsAreReadByEverybodyAndWrittenByMembers) {
  expect(true, false,
         {
             "ssssssss",  // nameless
             "+++++jMO",  // stranger
             "+++++jMO",  // invited
             "++++++MO",  // member
             "+++++++O",  // moderator
             "++++h+++",  // owner
             "+++++jMO",  // owner who is not in the room
             "++bb+bMO",  // banned
             "++bb+bMO",  // banned and invited
             "++bb+bMO",  // banned, with a role left in the record
             "+++++jMO",  // banned until now
             "+++++mMO",  // muted member
             "++++++MO",  // member muted until now
             "+++++m+O",  // muted moderator
             "+++++j++",  // administrator
             "++++++++",  // administrator who is a member
             "++++++++",  // administrator who is muted
             "+++++j++",  // administrator who is banned
             "++++h+++",  // administrator who owns the room
         });
}

TEST_F(JudgeTest, PrivateRoomsExistForMembersAndTheInvited) {
  expect(false, false,
         {
             "????????",  // nameless
             "????????",  // stranger
             "++?++?MO",  // invited
             "++++++MO",  // member
             "+++++++O",  // moderator
             "++++h+++",  // owner
             "???+????",  // owner who is not in the room
             "????????",  // banned
             "????????",  // banned and invited
             "????????",  // banned, with a role left in the record
             "????????",  // banned until now
             "+++++mMO",  // muted member
             "++++++MO",  // member muted until now
             "+++++m+O",  // muted moderator
             "+++++j++",  // administrator
             "++++++++",  // administrator who is a member
             "++++++++",  // administrator who is muted
             "+++++j++",  // administrator who is banned
             "++++h+++",  // administrator who owns the room
         });
}

TEST_F(JudgeTest, ArchivedRoomsAreReadByMembersAndWrittenByNobody) {
  expect(true, true,
         {
             "ssssssss",  // nameless
             "?aaa?a??",  // stranger
             "++aa+aMO",  // invited
             "+++++aMO",  // member
             "+++++a+O",  // moderator
             "++++ha++",  // owner
             "?aaa?a??",  // owner who is not in the room
             "?bbb?b??",  // banned
             "?bbb?b??",  // banned and invited
             "?bbb?b??",  // banned, with a role left in the record
             "?aaa?a??",  // banned until now
             "+++++aMO",  // muted member
             "+++++aMO",  // member muted until now
             "+++++a+O",  // muted moderator
             "+++++a++",  // administrator
             "+++++a++",  // administrator who is a member
             "+++++a++",  // administrator who is muted
             "+++++a++",  // administrator who is banned
             "++++ha++",  // administrator who owns the room
         });
}

TEST_F(JudgeTest, ArchivedPrivateRoomsAreOpenToNobodyNew) {
  expect(false, true,
         {
             "????????",  // nameless
             "????????",  // stranger
             "++??+?MO",  // invited
             "+++++aMO",  // member
             "+++++a+O",  // moderator
             "++++ha++",  // owner
             "????????",  // owner who is not in the room
             "????????",  // banned
             "????????",  // banned and invited
             "????????",  // banned, with a role left in the record
             "????????",  // banned until now
             "+++++aMO",  // muted member
             "+++++aMO",  // member muted until now
             "+++++a+O",  // muted moderator
             "+++++a++",  // administrator
             "+++++a++",  // administrator who is a member
             "+++++a++",  // administrator who is muted
             "+++++a++",  // administrator who is banned
             "++++ha++",  // administrator who owns the room
         });
}

TEST_F(JudgeTest, RoomsThatNobodyHasMadeAreOpenWhereTheOperatorSaysSo) {
  EXPECT_TRUE(judge_unmade(true));
  EXPECT_EQ(letter_of(judge_unmade(false)), '?');
}

TEST_F(JudgeTest, InboxesAreWrittenByTheServerUnlessRoomsAreOpen) {
  EXPECT_TRUE(judge_inbox(Wish::kRead, false));
  EXPECT_TRUE(judge_inbox(Wish::kRead, true));
  EXPECT_TRUE(judge_inbox(Wish::kPublish, true));
  EXPECT_EQ(judge_inbox(Wish::kPublish, false).error().message, "only the server publishes there");
}

TEST_F(JudgeTest, NobodyActsOnThoseWhoMayAsMuch) {
  const MemberRecord member = member_of(MemberRecord::Role::kMember);
  const MemberRecord moderator = member_of(MemberRecord::Role::kModerator);
  const RoomRecord room = room_of_olga();
  const auto actor = [&](const std::string& user, const MemberRecord& record, UserRole role) {
    return Standing{room, record, user, role, kNow};
  };
  struct Row {
    Standing actor;
    std::string letters;  // for each of the targets
  };
  // A stranger, a member, a moderator, a moderator who is banned, the owner, the owner who has
  // left.
  const std::vector<std::pair<std::string, MemberRecord>> targets{
      {"sam", {}},      {"mia", member}, {"mo", moderator}, {"bo", with_ban(moderator)},
      {"olga", member}, {"olga", {}},
  };
  const std::vector<Row> rows{
      {actor("max", moderator, UserRole::kUser), "++O+oo"},
      {actor("olga", member, UserRole::kUser), "++++oo"},
      {actor("root", {}, UserRole::kAdmin), "++++oo"},
      {actor("root", moderator, UserRole::kAdmin), "++++oo"},
  };
  for (const Row& row : rows) {
    std::string letters;
    for (const auto& [user, record] : targets) {
      const auto verdict = judge_action_on(row.actor, user, record);
      if (verdict) {
        letters += '+';
      } else {
        letters += verdict.error().message == "that is the room's owner" ? 'o' : 'O';
      }
    }
    EXPECT_EQ(letters, row.letters) << row.actor.user;
  }
}

TEST(JudgeDeathTest, ActionsAreOfWhoMayModerate) {
  const Standing member{room_of_olga(), member_of(MemberRecord::Role::kMember), "mia",
                        UserRole::kUser, kNow};
  EXPECT_DEATH((void)judge_action_on(member, "mel", {}), "does not hold");
}

// ---- Private conversations

std::string told(const std::optional<Result<void>>& verdict) {
  if (!verdict) return "look";
  return *verdict ? "+" : verdict->error().message;
}

TEST(JudgeDmTest, ReadingTakesSomebodyOrAListedConversation) {
  using Fact = std::optional<bool>;
  for (const Fact listed : {Fact(), Fact(false), Fact(true)}) {
    // What is about writing plays no part.
    for (const Fact blocked : {Fact(), Fact(false), Fact(true)}) {
      EXPECT_EQ(told(judge_dm(Wish::kRead, {{}, listed, blocked, blocked})), "look");
      EXPECT_EQ(told(judge_dm(Wish::kRead, {true, listed, blocked, blocked})), "+");
    }
  }
  EXPECT_EQ(told(judge_dm(Wish::kRead, {false, {}, {}, {}})), "look");
  EXPECT_EQ(told(judge_dm(Wish::kRead, {false, true, {}, {}})), "+");
  EXPECT_EQ(told(judge_dm(Wish::kRead, {false, false, {}, {}})), "no such user");
}

TEST(JudgeDmTest, WritingTakesSomebodyAndNoBlock) {
  using Fact = std::optional<bool>;
  const std::string by_them = "they do not want to hear of you";
  const std::string by_user = "you have blocked them";
  for (const Fact listed : {Fact(), Fact(false), Fact(true)}) {
    const auto write = [&](Fact known, Fact other, Fact user) {
      return told(judge_dm(Wish::kPublish, {known, listed, other, user}));
    };
    for (const Fact other : {Fact(), Fact(false), Fact(true)}) {
      for (const Fact user : {Fact(), Fact(false), Fact(true)}) {
        EXPECT_EQ(write({}, other, user), "look");
        EXPECT_EQ(write(false, other, user), "no such user");
      }
      EXPECT_EQ(write(true, true, other), by_them);
      EXPECT_EQ(write(true, {}, other), "look");
    }
    EXPECT_EQ(write(true, false, {}), "look");
    EXPECT_EQ(write(true, false, true), by_user);
    EXPECT_EQ(write(true, false, false), "+");
  }
}

// ---- Who may begin a conversation

TEST(Judge, LetsThoseBeginAConversationWhomTheOtherOneTakes) {
  using From = ContactRecord::From;
  struct Case {
    From from;
    UserRole sender;
    bool shares_room;
    bool is_allowed;
  };
  for (const Case& one : std::vector<Case>{
           {From::kEverybody, UserRole::kGuest, false, true},
           {From::kUsers, UserRole::kGuest, true, false},
           {From::kUsers, UserRole::kUser, false, true},
           {From::kRooms, UserRole::kGuest, true, true},
           {From::kRooms, UserRole::kUser, false, false},
           {From::kNobody, UserRole::kAdmin, true, false},
       }) {
    const auto verdict = judge_contact(one.from, one.sender, one.shares_room);
    EXPECT_EQ(verdict.has_value(), one.is_allowed)
        << text_of(one.from) << ' ' << text_of(one.sender) << ' ' << one.shares_room;
    EXPECT_EQ(verdict ? 103 : verdict.error().code, 103);
  }
}

}  // namespace
}  // namespace chirm

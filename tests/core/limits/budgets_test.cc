// SPDX-License-Identifier: MIT
#include "core/limits/budgets.h"

#include <gtest/gtest.h>

namespace chirm {
namespace {

constexpr std::uint64_t kHourMs = 3'600'000;
constexpr std::uint64_t kStartMs = 1'000'000;

AddressBytes network(std::string_view address) { return network_of(*parse_address(address)); }

struct Crowd {
  // Publishes that get through, of `tries` one after the other with `pause_ms` between them.
  int spend(const Spender& spender, Spending spending, int tries, std::uint64_t pause_ms = 0,
            std::size_t bytes = 100) {
    int taken = 0;
    for (int i = 0; i < tries; ++i, now_ms += pause_ms) {
      if (!budgets.take(spender, spending, now_ms, 1, bytes)) ++taken;
    }
    return taken;
  }
  std::uint64_t refused(const std::string& limit) {
    const auto found = budgets.counters().refused.find(limit);
    return found == budgets.counters().refused.end() ? 0 : found->second;
  }

  LimitSettings settings;
  Budgets budgets{settings};
  std::uint64_t now_ms = kStartMs;
  AddressBytes home = network("192.0.2.1");
  AddressBytes elsewhere = network("192.0.2.2");
};

TEST(Budgets, AUserHasOneRateWhateverItsConnectionsAndAddresses) {
  Crowd crowd;
  const int from_home = crowd.spend({"ada", UserRole::kUser, crowd.home}, Spending::kMessage, 100);
  const int from_elsewhere =
      crowd.spend({"ada", UserRole::kUser, crowd.elsewhere}, Spending::kMessage, 100);
  EXPECT_EQ(from_home + from_elsewhere, 160);  // four seconds' worth
  EXPECT_EQ(crowd.refused("user_messages"), 40U);
  EXPECT_EQ(crowd.spend({"bob", UserRole::kUser, crowd.home}, Spending::kMessage, 100), 100);
  crowd.now_ms += 1000;
  EXPECT_EQ(crowd.spend({"ada", UserRole::kUser, crowd.home}, Spending::kMessage, 100), 40);
}

TEST(Budgets, AnHourHasAMaximumThatNoPaceGetsPast) {
  Crowd crowd;
  const Spender ada{"ada", UserRole::kUser, crowd.home};
  // Ten a second, as any connection may.
  EXPECT_EQ(crowd.spend(ada, Spending::kMessage, 4000, 100),
            2500 + static_cast<int>(4000 * 100 * 2500 / kHourMs));
  const auto over = crowd.budgets.take(ada, Spending::kMessage, crowd.now_ms, 1, 1);
  ASSERT_TRUE(over);
  EXPECT_STREQ(over->limit, "user_messages_hour");
  EXPECT_LE(over->wait_ms, kHourMs / 2500);
  EXPECT_NE(over->text().find("try again in 1 second"), std::string::npos) << over->text();
}

TEST(Budgets, EventsHaveASmallPartOfTheHour) {
  Crowd crowd;
  const Spender ada{"ada", UserRole::kUser, crowd.home};
  EXPECT_LE(crowd.spend(ada, Spending::kEvent, 4000, 100), 280);
  EXPECT_GT(crowd.refused("user_events_hour"), 0U);
  EXPECT_EQ(crowd.spend(ada, Spending::kMessage, 100), 100);  // which they leave alone
}

TEST(Budgets, BytesCountWhateverTheirNumber) {
  Crowd crowd;
  const Spender ada{"ada", UserRole::kUser, crowd.home};
  // 40 × 8 KiB a second, in bursts of four seconds' worth: 1.25 MiB.
  EXPECT_EQ(crowd.spend(ada, Spending::kMessage, 100, 0, 64 * 1024), 20);
  EXPECT_EQ(crowd.refused("user_bytes"), 80U);
}

TEST(Budgets, GuestsOfOneAddressShareWhateverTheirNames) {
  Crowd crowd;
  int taken = 0;
  for (int i = 0; i < 1000; ++i) {
    const std::string name = "guest-" + std::to_string(i);
    taken += crowd.spend({name, UserRole::kGuest, crowd.home}, Spending::kMessage, 5);
  }
  EXPECT_EQ(taken, 80);
  EXPECT_GT(crowd.refused("guests_messages"), 0U);
  // Neither the users of that address nor other guests pay for it.
  EXPECT_EQ(crowd.spend({"ada", UserRole::kUser, crowd.home}, Spending::kMessage, 10), 10);
  EXPECT_EQ(crowd.spend({"guest-x", UserRole::kGuest, crowd.elsewhere}, Spending::kMessage, 10),
            10);
}

TEST(Budgets, TheNamelessCountAsGuests) {
  Crowd crowd;
  EXPECT_EQ(crowd.spend({"", UserRole::kUser, crowd.home}, Spending::kMessage, 100), 80);
}

TEST(Budgets, AnAddressHasALimitThatItsUsersShareButNoAdministrator) {
  Crowd crowd;
  int taken = 0;
  for (int i = 0; i < 100; ++i) {
    const std::string name = "user-" + std::to_string(i);
    taken += crowd.spend({name, UserRole::kUser, crowd.home}, Spending::kMessage, 100);
  }
  EXPECT_EQ(taken, 1600);
  EXPECT_GT(crowd.refused("address_messages"), 0U);
  EXPECT_EQ(crowd.spend({"root", UserRole::kAdmin, crowd.home}, Spending::kMessage, 10), 10);
}

TEST(Budgets, ARefusalTakesNothing) {
  Crowd crowd;
  const Spender guest{"guest-a", UserRole::kGuest, crowd.home};
  EXPECT_EQ(crowd.spend(guest, Spending::kMessage, 1000), 20);
  // What it was refused has cost the others of its address nothing.
  EXPECT_EQ(crowd.spend({"guest-b", UserRole::kGuest, crowd.home}, Spending::kMessage, 20), 20);
}

TEST(Budgets, ContactsAreFew) {
  Crowd crowd;
  EXPECT_EQ(crowd.spend({"guest-a", UserRole::kGuest, crowd.home}, Spending::kContact, 100), 10);
  EXPECT_EQ(crowd.spend({"ada", UserRole::kUser, crowd.home}, Spending::kContact, 200), 100);
}

TEST(Budgets, NothingIsLimitedWhenTheyAreOff) {
  LimitSettings settings;
  settings.is_on = false;
  Budgets budgets(settings);
  const AddressBytes home = network("192.0.2.1");
  for (int i = 0; i < 10'000; ++i) {
    ASSERT_FALSE(budgets.take({"ada", UserRole::kGuest, home}, Spending::kEvent, 1, 1, 1 << 20));
    ASSERT_TRUE(budgets.open_socket(home));
  }
}

TEST(Budgets, ZeroIsNoLimit) {
  LimitSettings settings;
  settings.user = {0, 0};
  settings.address = {0, 0};
  Budgets budgets(settings);
  const AddressBytes home = network("192.0.2.1");
  for (int i = 0; i < 10'000; ++i) {
    ASSERT_FALSE(budgets.take({"ada", UserRole::kUser, home}, Spending::kMessage, 1, 1, 1 << 20));
  }
}

TEST(Budgets, AnAddressHasSoManySockets) {
  LimitSettings settings;
  settings.connections_per_address = 3;
  Budgets budgets(settings);
  const AddressBytes home = network("2001:db8:1:2::1");
  const AddressBytes beside = network("2001:db8:1:2::ffff");  // of the same /64
  EXPECT_TRUE(budgets.open_socket(home));
  EXPECT_TRUE(budgets.open_socket(beside));
  EXPECT_TRUE(budgets.open_socket(home));
  EXPECT_FALSE(budgets.open_socket(beside));
  EXPECT_TRUE(budgets.open_socket(network("2001:db8:1:3::1")));
  budgets.close_socket(home);
  EXPECT_TRUE(budgets.open_socket(beside));
  budgets.check();
}

TEST(Budgets, UnreadRepliesHaveRoomForAUserAnAddressAndAll) {
  LimitSettings settings;
  settings.replies_bytes_max = 800;  // 100 a user, 200 an address
  Budgets budgets(settings);
  const AddressBytes home = network("192.0.2.1");
  const Spender ada{"ada", UserRole::kUser, home};
  const Spender bob{"bob", UserRole::kUser, home};
  const Spender cyd{"cyd", UserRole::kUser, home};
  EXPECT_TRUE(budgets.hold_reply(ada, 100));
  EXPECT_FALSE(budgets.hold_reply(ada, 1));
  EXPECT_TRUE(budgets.is_out_of_replies(ada));
  EXPECT_TRUE(budgets.hold_reply(bob, 100));
  EXPECT_FALSE(budgets.hold_reply(cyd, 1));  // whose address is at its end
  const AddressBytes elsewhere = network("192.0.2.2");
  EXPECT_TRUE(budgets.hold_reply({"cyd", UserRole::kUser, elsewhere}, 100));
  budgets.drop_reply(ada, 100);
  EXPECT_FALSE(budgets.is_out_of_replies(ada));
  EXPECT_TRUE(budgets.hold_reply(ada, 100));
  EXPECT_EQ(budgets.counters().replies_bytes, 300U);
  budgets.check();
}

// A flood of names has to bring very many to make one's spending be forgotten.
TEST(Budgets, LeaveRoomForRepliesToOthersThanGuestsAtTheirAddress) {
  LimitSettings settings;
  settings.replies_bytes_max = 800;  // 100 the guests of an address, 200 an address
  Budgets budgets(settings);
  const AddressBytes home = network("192.0.2.1");
  EXPECT_TRUE(budgets.hold_reply({"~g-1", UserRole::kGuest, home}, 60));
  EXPECT_TRUE(budgets.hold_reply({"~g-2", UserRole::kGuest, home}, 40));
  EXPECT_FALSE(budgets.hold_reply({"~g-3", UserRole::kGuest, home}, 1));
  EXPECT_FALSE(budgets.hold_reply({"", UserRole::kUser, home}, 1));
  EXPECT_TRUE(budgets.hold_reply({"ada", UserRole::kUser, home}, 100));
  budgets.drop_reply({"~g-2", UserRole::kGuest, home}, 40);
  EXPECT_TRUE(budgets.hold_reply({"~g-3", UserRole::kGuest, home}, 1));
}

TEST(Budgets, CountWhatAClientHasSentThatWaits) {
  LimitSettings settings;
  settings.replies_bytes_max = 800;  // 100 a user, and 150 with what waits
  Budgets budgets(settings);
  const AddressBytes home = network("192.0.2.1");
  const Spender ada{"ada", UserRole::kUser, home};
  EXPECT_TRUE(budgets.hold_input(ada, 150));
  EXPECT_TRUE(budgets.is_out_of_replies(ada));
  EXPECT_FALSE(budgets.hold_input(ada, 1));
  EXPECT_TRUE(budgets.hold_input({"bob", UserRole::kUser, home}, 100));
  EXPECT_EQ(budgets.counters().replies_bytes, 0U);
  budgets.drop_input(ada, 151);
  EXPECT_FALSE(budgets.is_out_of_replies(ada));
  EXPECT_TRUE(budgets.hold_reply(ada, 40));
}

TEST(Budgets, RemembersTheLastHundredThousandUsers) {
  Crowd crowd;
  const Spender ada{"ada", UserRole::kUser, std::nullopt};
  EXPECT_EQ(crowd.spend(ada, Spending::kMessage, 200), 160);
  for (std::size_t i = 0; i < Budgets::kPursesMax; ++i) {
    const std::string name = "flood-" + std::to_string(i);
    crowd.spend({name, UserRole::kUser, std::nullopt}, Spending::kMessage, 1);
  }
  EXPECT_EQ(crowd.spend(ada, Spending::kMessage, 1), 0);
  crowd.budgets.check();
}

}  // namespace
}  // namespace chirm

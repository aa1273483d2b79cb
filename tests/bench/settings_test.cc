// SPDX-License-Identifier: MIT
#include "bench/load/settings.h"

#include <gmock/gmock.h>

#include <set>

namespace chirm::load {
namespace {

using ::testing::HasSubstr;

std::variant<Settings, int> parse(std::vector<const char*> arguments) {
  arguments.insert(arguments.begin(), "chirm-load");
  return parse_settings(static_cast<int>(arguments.size()), arguments.data());
}

// The one line on stderr.
std::string complaint(const std::vector<const char*>& arguments) {
  ::testing::internal::CaptureStderr();
  const auto parsed = parse(arguments);
  std::string text = ::testing::internal::GetCapturedStderr();
  const int* code = std::get_if<int>(&parsed);
  EXPECT_TRUE(code != nullptr && *code == 2);
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 1) << text;
  return text;
}

TEST(Settings, HaveUsefulDefaults) {
  const auto settings = std::get<Settings>(parse({}));
  EXPECT_EQ(settings.urls.front().text(), "ws://127.0.0.1:8080/connection/websocket");
  EXPECT_EQ(settings.rate, 50);
  EXPECT_EQ(settings.publishers, 1U);
  EXPECT_EQ(settings.workers, 1U);
  EXPECT_EQ(settings.local_address_of(0), "");
}

TEST(Settings, TellHowClientsMisbehave) {
  const auto settings = std::get<Settings>(
      parse({"--vanish", "2", "--stall", "0.5", "--stall-time", "4", "--receive-buffer", "4096"}));
  EXPECT_EQ(settings.vanish, 2);
  EXPECT_EQ(settings.stall, 0.5);
  EXPECT_EQ(settings.stall_s, 4);
  EXPECT_EQ(settings.receive_buffer_bytes, 4096U);
}

TEST(Settings, GiveOnePublisherARoomOrAMessageInFlight) {
  EXPECT_EQ(std::get<Settings>(parse({"--rooms", "20"})).publishers, 20U);
  EXPECT_EQ(std::get<Settings>(parse({"--window", "64"})).publishers, 64U);
  EXPECT_EQ(std::get<Settings>(parse({"--window", "64", "--clients", "10"})).publishers, 10U);
  EXPECT_EQ(std::get<Settings>(parse({"--idle"})).publishers, 0U);
}

TEST(Settings, SpreadClientsOverRoomsNodesAndAddresses) {
  const auto settings = std::get<Settings>(
      parse({"--clients", "12", "--rooms", "3", "--url", "ws://127.0.0.1:1", "--url",
             "ws://127.0.0.1:2", "--source-addresses", "5", "--probe-rooms", "1"}));
  std::set<std::pair<std::uint32_t, std::uint16_t>> places;
  std::set<std::string> addresses;
  for (std::uint32_t client = 0; client < 12; ++client) {
    EXPECT_EQ(settings.room_of(client), client % 3);
    places.emplace(settings.room_of(client), settings.url_of(client).port);
    addresses.insert(settings.local_address_of(client));
  }
  EXPECT_EQ(places.size(), 6U);
  EXPECT_EQ(addresses.size(), 5U);
  EXPECT_EQ(settings.room_of(12), 3U);
  EXPECT_EQ(settings.room_of(13), 3U);
  EXPECT_NE(settings.url_of(12).port, settings.url_of(13).port);
  EXPECT_TRUE(settings.is_publisher(12));
  EXPECT_FALSE(settings.is_publisher(13));
}

TEST(Settings, SilenceEveryThirdRoomByTurns) {
  Settings settings;
  EXPECT_FALSE(settings.is_silent(0, 15'000'000));
  settings.silence_s = 10;
  EXPECT_TRUE(settings.is_silent(3, 15'000'000));
  EXPECT_FALSE(settings.is_silent(3, 25'000'000));
  EXPECT_FALSE(settings.is_silent(4, 15'000'000));
}

TEST(Settings, NameWhatIsWrong) {
  EXPECT_THAT(complaint({"--clients", "0"}), HasSubstr("--clients"));
  EXPECT_THAT(complaint({"--clients", "many"}), HasSubstr("--clients"));
  EXPECT_THAT(complaint({"--rate", "10", "--window", "5"}), HasSubstr("--window"));
  EXPECT_THAT(complaint({"--silence", "3", "--window", "5"}), HasSubstr("--silence"));
  EXPECT_THAT(complaint({"--idle", "--rate", "10"}), HasSubstr("--idle"));
  EXPECT_THAT(complaint({"--clients", "5", "--rooms", "6"}), HasSubstr("--rooms"));
  EXPECT_THAT(complaint({"--clients", "5", "--publishers", "6"}), HasSubstr("--publishers"));
  EXPECT_THAT(complaint({"--url", "ftp://x"}), HasSubstr("--url"));
  EXPECT_THAT(complaint({"--url", "ws://example.org", "--source-addresses", "3"}),
              HasSubstr("--source-addresses"));
  EXPECT_THAT(complaint({"--clients", "1000000", "--workers", "2"}), HasSubstr("--workers"));
  EXPECT_THAT(complaint({"--channel", "a\"b"}), HasSubstr("--channel"));
  EXPECT_THAT(complaint({"--no-such-flag"}), HasSubstr("--no-such-flag"));
}

}  // namespace
}  // namespace chirm::load

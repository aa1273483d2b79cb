// SPDX-License-Identifier: MIT
#include "bench/load/room_log.h"

#include <gmock/gmock.h>

#include "protocol/ws_encoder.h"

namespace chirm::load {
namespace {

using Put = RoomLog::Put;

std::string line(std::uint64_t offset) { return "line " + std::to_string(offset); }

Publication publication(std::uint64_t offset, const std::string& text) {
  return {.offset = offset, .key = offset + 100, .scheduled_us = offset * 10, .line = text};
}

std::string frames(std::uint64_t first, std::uint64_t last) {
  WsEncoder encoder(WsRole::kServer);
  std::string bytes;
  for (std::uint64_t offset = first; offset <= last; ++offset) {
    encoder.append(bytes, Opcode::kText, line(offset));
  }
  return bytes;
}

struct FilledLog : RoomLog {
  FilledLog(std::uint64_t first, std::uint64_t last) : RoomLog(first - 1) {
    for (std::uint64_t offset = first; offset <= last; ++offset) {
      EXPECT_EQ(put(publication(offset, line(offset))), Put::kNew);
    }
  }
};

TEST(RoomLog, MatchesFromAnyOffset) {
  const FilledLog log(5, 9);
  for (std::uint64_t offset = 5; offset <= 9; ++offset) {
    const RoomLog::Run run = log.match(offset, frames(offset, 9));
    EXPECT_EQ(run.publications, 10 - offset);
    EXPECT_EQ(run.bytes, frames(offset, 9).size());
  }
  EXPECT_EQ(log.match(4, frames(4, 9)).publications, 0U);
  EXPECT_EQ(log.match(10, frames(10, 11)).publications, 0U);
}

TEST(RoomLog, MatchesAsFarAsBytesAreTheSame) {
  const FilledLog log(1, 5);
  EXPECT_EQ(log.match(1, frames(1, 8)).publications, 5U);
  EXPECT_EQ(log.match(1, frames(1, 2) + frames(4, 5)).publications, 2U);
  EXPECT_EQ(log.match(1, frames(2, 3)).publications, 0U);
  const std::string cut = frames(1, 3);
  EXPECT_EQ(log.match(1, std::string_view(cut).substr(0, cut.size() - 1)).publications, 2U);
}

TEST(RoomLog, TellsNewFromSameFromDifferent) {
  FilledLog log(1, 3);
  EXPECT_EQ(log.put(publication(2, "")), Put::kSame);
  Publication other = publication(2, "");
  other.key = 1;
  EXPECT_EQ(log.put(other), Put::kDifferent);
  EXPECT_EQ(log.put(publication(std::uint64_t{1} << 40, "")), Put::kAbsurd);
}

TEST(RoomLog, ComparesWhatIsTrimmed) {
  FilledLog log(5, 8);
  log.trim(8);
  EXPECT_EQ(log.put(publication(6, "")), Put::kSame);
  Publication other = publication(6, "");
  other.key = 1;
  EXPECT_EQ(log.put(other), Put::kDifferent);
  EXPECT_EQ(log.key(6), 106U);
  // From before the log's start, for the digest of workers who started there is to stay the same.
  EXPECT_EQ(log.put(publication(3, "")), Put::kNew);
  EXPECT_EQ(log.put(publication(3, "")), Put::kSame);
  EXPECT_EQ(log.oldest(), 3U);
  EXPECT_EQ(log.key(4), 0U);
  EXPECT_EQ(log.digest(), FilledLog(5, 8).digest());
}

TEST(RoomLog, ForgetsOldKeysInTheEnd) {
  FilledLog log(1, 1);
  const std::uint64_t far = RoomLog::kOldKeysMax + 10;
  log.put(publication(far, line(far)));
  log.trim(far);
  EXPECT_EQ(log.put(publication(1, "")), Put::kForgotten);
  EXPECT_EQ(log.oldest(), 10U);
}

TEST(RoomLog, LeavesHolesAndFillsThem) {
  RoomLog log(0);
  log.put(publication(1, line(1)));
  log.put(publication(4, line(4)));
  EXPECT_EQ(log.known(), 2U);
  EXPECT_EQ(log.match(1, frames(1, 4)).publications, 1U);
  EXPECT_EQ(log.match(2, frames(2, 4)).publications, 0U);
  EXPECT_EQ(log.match(4, frames(4, 4)).publications, 1U);
  EXPECT_EQ(log.put(publication(3, line(3))), Put::kNew);
  EXPECT_EQ(log.put(publication(2, line(2))), Put::kNew);
  EXPECT_EQ(log.known(), 4U);
  EXPECT_EQ(log.digest(), FilledLog(1, 4).digest());
}

TEST(RoomLog, DigestsContent) {
  EXPECT_EQ(FilledLog(1, 4).digest(), FilledLog(1, 4).digest());
  EXPECT_NE(FilledLog(1, 4).digest(), FilledLog(1, 3).digest());
  RoomLog swapped(0);
  Publication first = publication(1, "");
  Publication second = publication(2, "");
  std::swap(first.key, second.key);
  swapped.put(first);
  swapped.put(second);
  EXPECT_NE(swapped.digest(), FilledLog(1, 2).digest());
}

TEST(RoomLog, ForgetsWhatIsTrimmed) {
  FilledLog log(1, 6);
  log.put(publication(7, ""));
  log.put(publication(8, line(8)));
  log.trim(4);
  EXPECT_EQ(log.begin(), 4U);
  EXPECT_EQ(log.end(), 9U);
  EXPECT_EQ(log.bytes(), (frames(4, 6) + frames(8, 8)).size());
  EXPECT_EQ(log.match(4, frames(4, 8)).publications, 3U);
  EXPECT_EQ(log.scheduled(5, 2).front(), 50U);
  log.trim(8);
  EXPECT_EQ(log.match(8, frames(8, 8)).publications, 1U);
  log.trim(100);
  EXPECT_EQ(log.bytes(), 0U);
  EXPECT_EQ(log.end(), 9U);
}

TEST(RoomLog, FindsUnnumberedOnesByTheirKey) {
  const FilledLog log(1, 3);
  EXPECT_EQ(log.place_of(102), 2U);
  EXPECT_EQ(log.place_of(7), 4U);
}

TEST(RoomLog, KnowsItsLines) {
  FilledLog log(1, 2);
  log.put(publication(3, ""));
  EXPECT_TRUE(log.has_line(2, line(2)));
  EXPECT_FALSE(log.has_line(2, line(1)));
  EXPECT_FALSE(log.has_line(3, ""));
  EXPECT_FALSE(log.has_line(9, line(9)));
}

}  // namespace
}  // namespace chirm::load

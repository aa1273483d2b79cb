// SPDX-License-Identifier: MIT
#include "core/chat/channel_log.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "protocol/message.h"
#include "protocol/ws_encoder.h"

namespace chirm {
namespace {

constexpr const char* kChannel = "room:a";

// A body that makes a frame of about `bytes` bytes.
std::string body_of(std::uint64_t offset, std::size_t bytes) {
  return "\"data\":\"" + std::to_string(offset) + std::string(bytes, 'x') + "\"";
}

class ChannelLogTest : public ::testing::Test {
 protected:
  void SetUp() override { log.reset({0, "e1"}); }

  std::string frame_of(std::uint64_t offset, std::string_view body) {
    std::string payload;
    append_publication_push(payload, kChannel, body, offset);
    std::string frame;
    encoder.append(frame, Opcode::kText, payload);
    return frame;
  }

  // Appends to the log and to the model, frames[i] being that of offset i + 1.
  void append(std::size_t bytes) {
    const std::string body = body_of(frames.size() + 1, bytes);
    frames.push_back(frame_of(frames.size() + 1, body));
    log.append(body);
  }

  std::string frames_behind(std::uint64_t offset) const {
    std::string bytes;
    for (std::size_t i = offset; i < frames.size(); ++i) bytes += frames[i];
    return bytes;
  }

  std::string gather(std::uint64_t offset, std::size_t bytes_max, ChannelLog::Gathered& found) {
    std::vector<iovec> pieces;
    found = log.gather(offset, bytes_max, pieces);
    std::string bytes;
    for (const iovec& piece : pieces) {
      EXPECT_GT(piece.iov_len, 0U);
      bytes.append(static_cast<const char*>(piece.iov_base), piece.iov_len);
    }
    EXPECT_EQ(bytes.size(), found.bytes);
    return bytes;
  }

  std::string gather_all(std::uint64_t offset) {
    ChannelLog::Gathered found;
    std::string bytes = gather(offset, SIZE_MAX, found);
    EXPECT_EQ(found.to, log.top().offset);
    return bytes;
  }

  WsEncoder encoder{WsRole::kServer};
  ChannelLog log{kChannel, encoder};
  std::vector<std::string> frames;
};

TEST_F(ChannelLogTest, IsEmptyAtFirst) {
  EXPECT_EQ(log.top().offset, 0U);
  EXPECT_EQ(log.first(), 1U);
  EXPECT_TRUE(log.covers(0));
  EXPECT_FALSE(log.covers(1));
  EXPECT_EQ(log.bytes(), 0U);
  ChannelLog::Gathered found;
  EXPECT_EQ(gather(0, 1, found), "");
  EXPECT_EQ(found.to, 0U);
}

TEST_F(ChannelLogTest, NumbersOnFromWhereItWasReset) {
  log.append(body_of(1, 10));
  log.reset({41, "e2"});
  EXPECT_EQ(log.bytes(), 0U);
  EXPECT_EQ(log.first(), 42U);
  EXPECT_TRUE(log.covers(41));
  EXPECT_FALSE(log.covers(40));
  log.append(body_of(42, 10));
  EXPECT_EQ(log.top().offset, 42U);
  EXPECT_EQ(log.top().epoch, "e2");
  EXPECT_EQ(gather_all(41), frame_of(42, body_of(42, 10)));
}

TEST_F(ChannelLogTest, NeverCoversAnOffsetThatOverflows) {
  append(10);
  EXPECT_FALSE(log.covers(UINT64_MAX));
  EXPECT_FALSE(log.covers(UINT64_MAX - 1));
}

TEST_F(ChannelLogTest, GathersAtLeastOneFrameHoweverSmallTheLimit) {
  append(1'000);
  append(1'000);
  ChannelLog::Gathered found;
  EXPECT_EQ(gather(0, 1, found), frames[0]);
  EXPECT_EQ(found.to, 1U);
}

TEST_F(ChannelLogTest, GathersWholeFramesUpToTheLimit) {
  for (int i = 0; i < 10; ++i) append(100);
  ChannelLog::Gathered found;
  const std::size_t three = frames[0].size() + frames[1].size() + frames[2].size();
  for (const std::size_t limit : {three, three + 1, three + frames[3].size() - 1}) {
    EXPECT_EQ(gather(0, limit, found), frames[0] + frames[1] + frames[2]) << limit;
    EXPECT_EQ(found.to, 3U);
  }
  EXPECT_EQ(gather(0, three - 1, found), frames[0] + frames[1]);
}

TEST_F(ChannelLogTest, GathersNoMoreThanTheLimitAcrossSegments) {
  for (int i = 0; i < 1'000; ++i) append(static_cast<std::size_t>(i) % 700);
  for (std::size_t limit = 1'000; limit < 200'000; limit += 1'000) {
    ChannelLog::Gathered found;
    const std::string bytes = gather(3, limit, found);
    EXPECT_LE(bytes.size(), limit);
    EXPECT_EQ(bytes, frames_behind(3).substr(0, bytes.size()));
    // One more would not have fitted.
    EXPECT_GT(bytes.size() + frames[found.to].size(), limit);
  }
}

TEST_F(ChannelLogTest, KeepsItsBytesInPlaceWhileItGrows) {
  append(100);
  std::vector<iovec> before;
  (void)log.gather(0, SIZE_MAX, before);
  const std::string bytes(static_cast<const char*>(before[0].iov_base), before[0].iov_len);
  for (int i = 0; i < 5'000; ++i) append(100);
  std::vector<iovec> after;
  (void)log.gather(0, bytes.size(), after);
  EXPECT_EQ(after[0].iov_base, before[0].iov_base);
  EXPECT_EQ(std::string(static_cast<const char*>(before[0].iov_base), bytes.size()), bytes);
}

// Frames that leave every possible rest of a segment behind, the last of them too small for a
// frame.
TEST_F(ChannelLogTest, CountsItsBytesExactlyHoweverFramesFillTheSegments) {
  std::mt19937 random(1);
  for (int i = 0; i < 20'000; ++i) append(random() % 600);
  EXPECT_GE(log.bytes(), frames_behind(0).size());
  log.trim(0);
  // What remains is one segment.
  EXPECT_LE(log.bytes(), 64U * 1024);
  EXPECT_GT(log.bytes(), 0U);
}

TEST_F(ChannelLogTest, TrimsWholeSegmentsButNeverTheNewest) {
  for (int i = 0; i < 3'000; ++i) append(100);
  const std::size_t bytes = log.bytes();
  log.trim(bytes);
  EXPECT_EQ(log.first(), 1U);
  log.trim(bytes / 2);
  const std::uint64_t first = log.first();
  EXPECT_GT(first, 1U);
  EXPECT_GE(log.bytes(), bytes / 2);
  EXPECT_LT(log.bytes(), bytes / 2 + 64 * 1024);
  EXPECT_TRUE(log.covers(first - 1));
  EXPECT_FALSE(log.covers(first - 2));
  EXPECT_EQ(gather_all(first - 1), frames_behind(first - 1));
  log.trim(0);
  EXPECT_LE(log.first(), log.top().offset);
  EXPECT_EQ(gather_all(log.first() - 1), frames_behind(log.first() - 1));
}

TEST_F(ChannelLogTest, HoldsAFrameLargerThanASegment) {
  append(10);
  append(300'000);
  append(10);
  EXPECT_EQ(gather_all(0), frames_behind(0));
  log.trim(0);
  EXPECT_TRUE(log.covers(2));
}

TEST_F(ChannelLogTest, TakesOlderPublicationsInFrontOfItsTail) {
  log.reset({100, "e1"});
  log.append(body_of(101, 50));
  std::vector<Publication> older;
  std::string expected;
  for (std::uint64_t offset = 91; offset <= 100; ++offset) {
    older.push_back({offset, body_of(offset, 50)});
    expected += frame_of(offset, older.back().body);
  }
  log.prepend(std::vector<Publication>(older.begin() + 5, older.end()));
  log.prepend(std::vector<Publication>(older.begin(), older.begin() + 5));
  log.prepend({});
  EXPECT_EQ(log.first(), 91U);
  EXPECT_EQ(gather_all(90), expected + frame_of(101, body_of(101, 50)));
  log.trim(0);
  EXPECT_EQ(log.first(), 101U);
}

TEST_F(ChannelLogTest, TakesOlderPublicationsIntoAnEmptyTailAndGoesOn) {
  log.reset({3, "e1"});
  const std::vector<Publication> older = {{2, body_of(2, 5)}, {3, body_of(3, 5)}};
  log.prepend(older);
  std::string expected = frame_of(2, older[0].body) + frame_of(3, older[1].body);
  for (std::uint64_t offset = 4; offset < 400; ++offset) {
    log.append(body_of(offset, 20));
    expected += frame_of(offset, body_of(offset, 20));
  }
  EXPECT_EQ(gather_all(1), expected);
  log.trim(0);
  EXPECT_GT(log.bytes(), 0U);
  EXPECT_LE(log.bytes(), 64U * 1024);
}

TEST_F(ChannelLogTest, FindsTheFrameThatACutGoesThroughAtEveryByte) {
  for (int i = 0; i < 40; ++i) append(static_cast<std::size_t>(i) * 11 % 300);
  const std::string all = frames_behind(0);
  std::uint64_t offset = 0;
  std::size_t begin = 0;  // of frames[offset] in `all`
  for (std::size_t byte = 0; byte <= all.size(); ++byte) {
    if (offset < frames.size() && byte == begin + frames[offset].size()) {
      begin += frames[offset++].size();
    }
    const auto cut = log.cut(0, byte);
    ASSERT_EQ(cut.offset, offset) << byte;
    const std::string rest = byte == begin ? "" : frames[offset].substr(byte - begin);
    ASSERT_EQ(cut.rest, rest) << byte;
  }
}

TEST_F(ChannelLogTest, CutsFromACursorInTheMiddleOfTheTail) {
  for (int i = 0; i < 400; ++i) append(100);
  const auto cut = log.cut(250, frames[250].size() + frames[251].size() + 7);
  EXPECT_EQ(cut.offset, 252U);
  EXPECT_EQ(cut.rest, frames[252].substr(7));
}

// A reader of any appetite gets exactly the frames, in order, whatever is appended, put in front
// and trimmed meanwhile.
TEST_F(ChannelLogTest, GivesEveryReaderExactlyItsFramesInOrder) {
  for (std::uint32_t seed = 1; seed <= 20; ++seed) {
    std::mt19937 random(seed);
    log.reset({0, "e1"});
    frames.clear();
    std::uint64_t cursor = 0;
    std::string rest;      // of a frame that was taken in part
    std::string received;  // by the reader
    std::size_t lost = 0;  // bytes of frames that were trimmed before it came to them
    for (int step = 0; step < 3'000; ++step) {
      const auto action = random() % 10;
      if (action < 4) {
        append(random() % 20 == 0 ? random() % 70'000 : random() % 500);
      } else if (action == 4 && random() % 10 == 0) {
        log.trim(random() % 200'000);
        if (log.covers(cursor)) continue;
        for (; !log.covers(cursor); ++cursor) lost += frames[cursor].size();
      } else if (action > 4) {
        std::size_t room = random() % 3 == 0 ? random() % 20'000 : random() % 400;
        const std::size_t taken_rest = std::min(room, rest.size());
        received += rest.substr(0, taken_rest);
        rest.erase(0, taken_rest);
        room -= taken_rest;
        if (!rest.empty() || room == 0 || cursor == log.top().offset) continue;
        ChannelLog::Gathered found;
        const std::string bytes = gather(cursor, random() % 10'000, found);
        const std::size_t taken = std::min(room, bytes.size());
        received += bytes.substr(0, taken);
        const auto cut = log.cut(cursor, taken);
        ASSERT_EQ(taken == bytes.size() ? found.to : cut.offset, cut.offset);
        cursor = cut.offset;
        if (!cut.rest.empty()) {
          rest = cut.rest;
          ++cursor;
        }
      }
    }
    received += rest;
    if (cursor != log.top().offset) received += gather_all(cursor);
    if (lost == 0) {
      ASSERT_EQ(received, frames_behind(0)) << seed;
    } else {
      ASSERT_EQ(received.size() + lost, frames_behind(0).size()) << seed;
    }
  }
}

// Everything that can happen to a tail, at random, beside a plain list of what it should hold.
TEST_F(ChannelLogTest, HoldsWhatAModelOfItHolds) {
  for (std::uint32_t seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937 random(seed);
    std::deque<Publication> model;
    std::uint64_t top = 1'000'000;
    log.reset({top, "e1"});
    for (int step = 0; step < 1'000; ++step) {
      const std::uint64_t first = top + 1 - model.size();
      switch (random() % 20) {
        case 0: {
          std::vector<Publication> older;
          for (auto count = random() % 30; count > 0; --count) {
            older.push_back({first - count, body_of(first - count, random() % 400)});
          }
          log.prepend(older);
          model.insert(model.begin(), older.begin(), older.end());
          break;
        }
        case 1: {
          const std::uint64_t offset = first + random() % 30;
          log.drop(offset);
          while (!model.empty() && model.front().offset <= offset) model.pop_front();
          break;
        }
        case 2: {
          const std::size_t wanted = random() % 100'000;
          const std::size_t before = log.bytes();
          log.trim(wanted);
          ASSERT_TRUE(log.bytes() == before || log.bytes() >= wanted);
          while (!model.empty() && model.front().offset < log.first()) model.pop_front();
          ASSERT_EQ(model.empty(), log.bytes() == 0);
          break;
        }
        case 3:
          if (random() % 5 != 0) break;
          top += random() % 100;
          log.reset({top, "e2"});
          model.clear();
          break;
        case 4: {
          // Shorter and longer bodies; and some that are not here.
          const std::uint64_t offset = first + random() % (model.size() + 2) - 1;
          const std::string body = body_of(offset, random() % 10 == 0 ? 70'000 : random() % 600);
          log.replace(offset, body);
          for (Publication& one : model) {
            if (one.offset == offset) one.body = body;
          }
          break;
        }
        default:
          for (auto burst = random() % 10; burst > 0; --burst) {
            const std::size_t bytes = random() % 50 == 0 ? 70'000 : random() % 600;
            model.push_back({++top, body_of(top, bytes)});
            log.append(model.back().body);
          }
      }
      log.check();
      ASSERT_EQ(log.top().offset, top);
      ASSERT_EQ(log.first(), top + 1 - model.size());
      if (step % 50 != 0) continue;
      const std::vector<Publication> held = log.publications(0, SIZE_MAX);
      ASSERT_EQ(held.size(), model.size());
      for (std::size_t i = 0; i < held.size(); ++i) {
        ASSERT_EQ(held[i].offset, model[i].offset);
        ASSERT_EQ(held[i].body, model[i].body);
      }
    }
  }
}

// Frames with headers of every length (RFC 6455 §5.2), and bodies that look like what is around
// them.
TEST_F(ChannelLogTest, GivesBackTheBodiesThatItWasGiven) {
  for (const std::string name : {"room:a", "room:\"quoted\" \\ }},\"pub\":{"}) {
    ChannelLog named(name, encoder);
    named.reset({98, "e1"});
    std::vector<std::string> bodies = {R"("data":{"offset":99}}},"offset":99)", "", "\"data\":0"};
    for (const std::size_t bytes : {1U, 60U, 61U, 62U, 100U, 125U, 126U, 300U, 65'000U, 70'000U}) {
      for (std::size_t more = 0; more < 20; ++more) bodies.push_back(body_of(0, bytes + more));
    }
    for (const std::string& body : bodies) named.append(body);
    const std::vector<Publication> all = named.publications(98, SIZE_MAX);
    ASSERT_EQ(all.size(), bodies.size());
    for (std::size_t i = 0; i < all.size(); ++i) {
      EXPECT_EQ(all[i].offset, 99 + i);
      EXPECT_EQ(all[i].body, bodies[i]) << i;
    }
  }
}

TEST_F(ChannelLogTest, GivesBackWhatFitsAndIsHeld) {
  EXPECT_TRUE(log.publications(0, SIZE_MAX).empty());
  log.reset({40, "e1"});
  EXPECT_TRUE(log.publications(40, SIZE_MAX).empty());
  for (std::uint64_t offset = 41; offset <= 1'040; ++offset) log.append(body_of(offset, 500));
  EXPECT_EQ(log.publications(0, SIZE_MAX).front().offset, 41U);
  EXPECT_EQ(log.publications(0, SIZE_MAX).size(), 1'000U);
  EXPECT_EQ(log.publications(500, 1).size(), 1U);
  EXPECT_EQ(log.publications(500, 1).front().offset, 501U);
  EXPECT_EQ(log.publications(500, 10 * body_of(500, 500).size()).size(), 10U);
  EXPECT_EQ(log.publications(1'030, SIZE_MAX).size(), 10U);
  EXPECT_TRUE(log.publications(1'040, SIZE_MAX).empty());
  EXPECT_TRUE(log.publications(2'000, SIZE_MAX).empty());
}

TEST_F(ChannelLogTest, GivesAPublicationAnotherBody) {
  for (int i = 0; i < 100; ++i) append(100);
  for (const auto& [offset, body] : {std::pair{1U, "\"data\":1"}, std::pair{50U, "\"data\":50"},
                                     std::pair{100U, "\"data\":100"}}) {
    log.replace(offset, body);
    const auto found = log.publications(offset - 1, 1);
    ASSERT_EQ(found.size(), 1U);
    EXPECT_EQ(found[0].body, body);
    log.check();
  }
  EXPECT_EQ(log.publications(0, SIZE_MAX).size(), 100U);
  const std::size_t bytes = log.bytes();
  log.replace(0, "\"data\":0");
  log.replace(101, "\"data\":101");
  EXPECT_EQ(log.bytes(), bytes);
}

TEST_F(ChannelLogTest, DropsWhatItHasUpToAnOffset) {
  for (int i = 0; i < 100; ++i) append(100);
  ChannelLog::Gathered found;
  for (const std::uint64_t offset : {1U, 1U, 2U, 50U, 51U, 99U}) {
    log.drop(offset);
    EXPECT_EQ(log.first(), offset + 1);
    EXPECT_EQ(gather(offset, SIZE_MAX, found), frames_behind(offset));
    EXPECT_EQ(log.publications(0, SIZE_MAX).size(), 100 - offset);
  }
  append(100);
  EXPECT_EQ(gather(99, SIZE_MAX, found), frames_behind(99));
  log.drop(UINT64_MAX);
  EXPECT_EQ(log.first(), 102U);
  EXPECT_EQ(log.bytes(), 0U);
  EXPECT_TRUE(log.covers(101));
  append(100);
  EXPECT_EQ(gather(101, SIZE_MAX, found), frames_behind(101));
}

}  // namespace
}  // namespace chirm

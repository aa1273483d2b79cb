// SPDX-License-Identifier: MIT
// What nodes tell each other through Redis' Pub/Sub: publications, notices of rewrites, and digests
// of positions.

#include <string>

#include "core/base/check.h"
#include "core/base/pack.h"
#include "core/broker/redis/redis_bus_message.h"
#include "core/broker/redis/redis_digest.h"
#include "protocol/message.h"
#include "tests/fuzz/fuzz_input.h"

namespace chirm {
namespace {

// Offsets, and numbers of rewrites, as the scripts count them.
bool is_number(std::uint64_t number) { return number > 0 && number <= RedisBusMessage::kNumberMax; }

// As the publish script does (redis_scripts.h).
void append_item(std::string& out, std::string_view key, std::string_view body) {
  out += std::to_string(body.size());
  if (!key.empty()) out += ',' + std::to_string(key.size());
  out += ':';
  out += key;
  out += body;
}

void check_publications(std::string_view text) {
  auto message = RedisBusMessage::parse(text);
  if (!message) return;
  CHIRM_CHECK(!message->epoch().empty() && message->epoch().size() < text.size());
  std::string again;
  std::uint64_t expected = 0;
  std::size_t bytes = 0;
  while (const auto item = message->next()) {
    if (again.empty()) {
      expected = item->offset;
      CHIRM_CHECK(is_number(expected), expected);
      again = std::to_string(expected) + ':' + std::string(message->epoch()) + ':';
    }
    CHIRM_CHECK(item->offset == expected++, item->offset);
    bytes += item->body.size();
    append_item(again, item->key, item->body);
  }
  CHIRM_CHECK(bytes < text.size(), bytes, text.size());
  if (again.empty() || !message->is_at_end()) return;

  // All of it was read; numbers with leading zeros apart, it is what the script writes.
  auto second = RedisBusMessage::parse(again);
  CHIRM_CHECK(second && second->epoch() == message->epoch(), again);
  std::string third = again.substr(0, again.find(':', again.find(':') + 1) + 1);
  while (const auto item = second->next()) append_item(third, item->key, item->body);
  CHIRM_CHECK(second->is_at_end() && third == again, again);
}

// Lines as bodies come through, whatever is in them.
void check_round_trip(FuzzInput input) {
  const std::uint64_t first = 1 + input.take_byte();
  const std::string_view all = input.rest();
  std::string text = std::to_string(first) + ":epoch:";
  std::size_t count = 0;
  FuzzInput bodies = input;
  while (!bodies.rest().empty()) {
    // Every other one has a key apart from its body: itself.
    const std::string_view body = bodies.take_line();
    append_item(text, count % 2 == 0 ? std::string_view() : body, body);
    ++count;
  }
  auto message = RedisBusMessage::parse(text);
  CHIRM_CHECK(message && message->epoch() == "epoch", text);
  for (std::size_t i = 0; i < count; ++i) {
    const auto item = message->next();
    CHIRM_CHECK(item && item->offset == first + i, text);
    const std::string_view body = input.take_line();
    CHIRM_CHECK(item->body == body && item->key == (i % 2 == 0 ? "" : body), text);
  }
  CHIRM_CHECK(!message->next() && message->is_at_end(), all);
}

// As the rewrite script does (redis_scripts.h).
std::string to_text(const RedisRewriteNotice& notice) {
  return RedisBusMessage::kRewrite + std::to_string(notice.offset) + ':' +
         std::to_string(notice.rewrites) + ':' + std::string(notice.epoch) + ':' +
         std::string(notice.body);
}

void check_rewrite_notice(std::string_view text) {
  const auto notice = RedisRewriteNotice::parse(text);
  if (!notice) return;
  CHIRM_CHECK(!RedisBusMessage::parse(text), text);  // it is of one kind only
  CHIRM_CHECK(!notice->epoch.empty() && text.ends_with(notice->body), text);
  CHIRM_CHECK(is_number(notice->offset) && is_number(notice->rewrites), text);
  const std::string again = to_text(*notice);
  // Leading zeros are all that can have been lost.
  CHIRM_CHECK(again.size() <= text.size(), again, text);
  CHIRM_CHECK(again.size() < text.size() || again == text, again, text);
  const auto second = RedisRewriteNotice::parse(again);
  CHIRM_CHECK(second && to_text(*second) == again, again, text);
  // One that was cut off behind its epoch is none.
  CHIRM_CHECK(!RedisRewriteNotice::parse(text.substr(0, text.size() - notice->body.size() - 1)),
              text);
}

// Numbers and an epoch as they come through, whatever they are.
void check_notice_round_trip(FuzzInput input) {
  RedisRewriteNotice notice{};
  for (int i = 0; i < 8; ++i) notice.offset = notice.offset << 8 | input.take_byte();
  for (int i = 0; i < 8; ++i) notice.rewrites = notice.rewrites << 8 | input.take_byte();
  if (input.take_byte() % 2 == 0) {  // those are hardly ever small
    notice.offset >>= 11;
    notice.rewrites >>= 11;
  }
  notice.epoch = input.take_line();
  notice.body = input.rest();
  const std::string text = to_text(notice);
  const auto read = RedisRewriteNotice::parse(text);
  if (notice.epoch.find(':') != std::string_view::npos) return;  // which no epoch has
  const bool is_valid =
      is_number(notice.offset) && is_number(notice.rewrites) && !notice.epoch.empty();
  CHIRM_CHECK(read.has_value() == is_valid, text);
  if (!read) return;
  CHIRM_CHECK(read->offset == notice.offset && read->rewrites == notice.rewrites, text);
  CHIRM_CHECK(read->epoch == notice.epoch && read->body == notice.body, text);
}

void check_digest(std::string_view text) {
  std::string packed = "d";
  RedisDigest::read(text,
                    [&](std::string_view channel, std::string_view epoch, std::uint64_t offset) {
                      CHIRM_CHECK(!channel.empty() && !epoch.empty());
                      CHIRM_CHECK(offset <= RedisBusMessage::kNumberMax, offset);
                      pack::put_text(packed, channel);
                      pack::put_text(packed, epoch);
                      pack::put_number(packed, offset);
                    });
  CHIRM_CHECK(packed.size() == 1 || text.starts_with(packed), packed.size(), text.size());
  std::string again = "d";
  RedisDigest::read(packed,
                    [&](std::string_view channel, std::string_view epoch, std::uint64_t offset) {
                      pack::put_text(again, channel);
                      pack::put_text(again, epoch);
                      pack::put_number(again, offset);
                    });
  CHIRM_CHECK(again == packed);
}

}  // namespace
}  // namespace chirm

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  chirm::check_publications(text);
  chirm::check_round_trip({data, size});
  chirm::check_rewrite_notice(text);
  chirm::check_notice_round_trip({data, size});
  chirm::check_digest(text);
  return 0;
}

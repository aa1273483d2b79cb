// SPDX-License-Identifier: MIT
// What nodes tell each other through Redis' Pub/Sub: publications, and digests of positions.

#include <string>

#include "core/base/check.h"
#include "core/base/pack.h"
#include "core/broker/redis/redis_bus_message.h"
#include "core/broker/redis/redis_digest.h"
#include "protocol/message.h"
#include "tests/fuzz/fuzz_input.h"

namespace chirm {
namespace {

// As the publish script does (redis_scripts.h).
void append_body(std::string& out, std::string_view body) {
  out += std::to_string(body.size()) + ':';
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
      CHIRM_CHECK(expected != 0);
      again = std::to_string(expected) + ':' + std::string(message->epoch()) + ':';
    }
    CHIRM_CHECK(item->offset == expected++, item->offset);
    bytes += item->body.size();
    append_body(again, item->body);
  }
  CHIRM_CHECK(bytes < text.size(), bytes, text.size());
  if (again.empty() || !message->is_at_end()) return;

  // All of it was read; numbers with leading zeros apart, it is what the script writes.
  auto second = RedisBusMessage::parse(again);
  CHIRM_CHECK(second && second->epoch() == message->epoch(), again);
  std::string third = again.substr(0, again.find(':', again.find(':') + 1) + 1);
  while (const auto item = second->next()) append_body(third, item->body);
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
    append_body(text, bodies.take_line());
    ++count;
  }
  auto message = RedisBusMessage::parse(text);
  CHIRM_CHECK(message && message->epoch() == "epoch", text);
  for (std::size_t i = 0; i < count; ++i) {
    const auto item = message->next();
    CHIRM_CHECK(item && item->offset == first + i, text);
    CHIRM_CHECK(item->body == input.take_line(), text);
  }
  CHIRM_CHECK(!message->next() && message->is_at_end(), all);
}

void check_digest(std::string_view text) {
  std::string packed = "d";
  RedisDigest::read(text,
                    [&](std::string_view channel, std::string_view epoch, std::uint64_t offset) {
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
  chirm::check_digest(text);
  return 0;
}

// SPDX-License-Identifier: MIT
// Bytes of a Redis connection, through hiredis' reader, which is what a RedisLink reads with, and
// the view that all of core/broker/redis reads replies by.

#include <hiredis/hiredis.h>

#include <memory>
#include <string>

#include "core/base/check.h"
#include "core/broker/redis/redis_reply.h"
#include "tests/fuzz/fuzz_input.h"

namespace chirm {
namespace {

// hiredis allocates what an array's head announces. A server may be believed in that; the fuzzer
// would fill the memory by a line of ten bytes.
constexpr int kElementsMax = 10'000;

redisReplyObjectFunctions default_functions() {
  const std::unique_ptr<redisReader, decltype(&redisReaderFree)> reader(redisReaderCreate(),
                                                                        redisReaderFree);
  return *reader->fn;
}

void* create_array(const redisReadTask* task, int elements) {
  static const redisReplyObjectFunctions kDefault = default_functions();
  return elements > kElementsMax ? nullptr : kDefault.createArray(task, elements);
}

redisReader* create_reader() {
  static redisReplyObjectFunctions functions = [] {
    redisReplyObjectFunctions made = default_functions();
    made.createArray = create_array;
    return made;
  }();
  return redisReaderCreateWithFunctions(&functions);
}

// Everything that can be asked of a reply, as a text to compare.
void describe(const RedisReply& reply, std::string& out, int depth) {
  CHIRM_CHECK(depth <= 9, depth);  // hiredis' stack
  out += reply.is_error() ? '!' : '.';
  out += std::to_string(reply.integer()) + ' ' + std::to_string(reply.text().size()) + ':';
  out += reply.text();
  CHIRM_CHECK(reply.text().empty() || (reply.size() == 0 && reply.integer() == 0));
  CHIRM_CHECK(!reply.is_error() || reply.size() == 0);
  out += '[';
  for (std::size_t i = 0; i < reply.size(); ++i) describe(reply[i], out, depth + 1);
  out += ']';
  // What is not there is absent, and so is what would be in it.
  const RedisReply absent = reply[reply.size()];
  CHIRM_CHECK(!absent.is_error() && absent.text().empty() && absent.integer() == 0);
  CHIRM_CHECK(absent.size() == 0 && absent[3][0].text().empty());
}

std::string read_all(std::string_view bytes, const std::vector<std::size_t>& pieces) {
  const std::unique_ptr<redisReader, decltype(&redisReaderFree)> reader(create_reader(),
                                                                        redisReaderFree);
  std::string out;
  for_each_piece(bytes, pieces, [&](std::string_view piece) {
    if (redisReaderFeed(reader.get(), piece.data(), piece.size()) != REDIS_OK) return false;
    void* raw = nullptr;
    while (redisReaderGetReply(reader.get(), &raw) == REDIS_OK && raw != nullptr) {
      const std::unique_ptr<void, decltype(&freeReplyObject)> reply(raw, freeReplyObject);
      describe(RedisReply(static_cast<const redisReply*>(raw)), out, 0);
      out += '\n';
      raw = nullptr;
    }
    return reader->err == 0;
  });
  if (reader->err != 0) out += "error";
  return out;
}

}  // namespace
}  // namespace chirm

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace chirm;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto ways = ways_to_cut(bytes);
  const std::string whole = read_all(bytes, ways.front());
  for (const auto& pieces : ways) {
    const std::string cut = read_all(bytes, pieces);
    CHIRM_CHECK(cut == whole, cut, whole);
  }
  return 0;
}

// SPDX-License-Identifier: MIT
// What a server answers, as our client reads it: a reply with its body, whole and chunked, and the
// head that answers an upgrade. Also our own responses, which our client has to read.

#include <string>

#include "core/base/check.h"
#include "protocol/http.h"
#include "protocol/http_reply.h"
#include "protocol/http_response.h"
#include "protocol/limits.h"
#include "tests/fuzz/fuzz_input.h"

namespace chirm {
namespace {

constexpr std::string_view kKey = "dGhlIHNhbXBsZSBub25jZQ==";  // RFC 6455 §1.3

struct Read {
  std::string outcome;  // "complete", "incomplete" or the error
  HttpReply reply;      // of a complete one
};

Read read_reply(std::string_view bytes, const std::vector<std::size_t>& pieces) {
  HttpReplyReader reader;
  Expected<bool, std::string> is_complete = false;
  for_each_piece(bytes, pieces, [&](std::string_view piece) {
    is_complete = reader.feed(piece);
    return is_complete && !*is_complete;
  });
  if (is_complete && !*is_complete) is_complete = reader.end();
  if (!is_complete) return {is_complete.error(), {}};
  return {*is_complete ? "complete" : "incomplete", reader.take()};
}

// A reply may be both too long and wrong: which of these is met first depends on the pieces.
std::string_view kind_of(std::string_view outcome) {
  const bool is_refused =
      outcome == "an HTTP response that is too long" || outcome == "not an HTTP response";
  return is_refused ? "refused" : outcome;
}

void check_reply(std::string_view bytes) {
  const auto ways = ways_to_cut(bytes);
  const Read whole = read_reply(bytes, ways.front());
  CHIRM_CHECK(whole.outcome != "incomplete");  // the end of the connection decides
  CHIRM_CHECK(whole.reply.body.size() <= std::min(bytes.size(), HttpReplyReader::kBodyBytesMax));
  CHIRM_CHECK(whole.outcome != "complete" || whole.reply.status >= 0, whole.reply.status);
  for (const auto& pieces : ways) {
    const Read cut = read_reply(bytes, pieces);
    CHIRM_CHECK(kind_of(cut.outcome) == kind_of(whole.outcome), cut.outcome, whole.outcome);
    CHIRM_CHECK(cut.reply.status == whole.reply.status, cut.reply.status, whole.reply.status);
    CHIRM_CHECK(cut.reply.retry_after_s == whole.reply.retry_after_s);
    CHIRM_CHECK(cut.reply.body == whole.reply.body);
  }
}

void check_upgrade_response(std::string_view bytes) {
  const auto whole = parse_upgrade_response(bytes, kKey);
  std::minstd_rand random = random_of(bytes);
  for (int i = 0; i < 4 && !bytes.empty(); ++i) {
    const std::string prefix(bytes.substr(0, 1 + random() % bytes.size()));
    const auto parsed = parse_upgrade_response(prefix, kKey);
    if (parsed && !*parsed) continue;  // not decided yet
    CHIRM_CHECK(parsed == whole, prefix);
  }
  if (!whole || !*whole) return;
  CHIRM_CHECK(**whole <= std::min(bytes.size(), limits::kHttpHeadBytes));
  CHIRM_CHECK(bytes.substr(0, **whole).ends_with('\n'));
  // A key is answered with what belongs to it.
  CHIRM_CHECK(!parse_upgrade_response(bytes, "AAAAAAAAAAAAAAAAAAAAAA=="));
}

// The first byte chooses the status, the other bytes are the body.
void check_own_response(FuzzInput input) {
  const int status = 200 + input.take_byte() % 250;
  if (status == 204 || status == 304) return;  // have no body (RFC 9110 §6.4.1)
  const HttpResponse response = json_error(status, "code", "message");
  const HttpResponse text = text_response(status, input.rest());
  for (const HttpResponse* sent : {&response, &text}) {
    const std::string bytes = encode_response(*sent);
    const Read read = read_reply(bytes, ways_to_cut(bytes)[2]);
    CHIRM_CHECK(read.outcome == "complete", read.outcome, bytes);
    CHIRM_CHECK(read.reply.status == sent->status, read.reply.status);
    CHIRM_CHECK(read.reply.body == sent->body);
  }
}

}  // namespace
}  // namespace chirm

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  chirm::check_reply(bytes);
  chirm::check_upgrade_response(bytes);
  chirm::check_own_response({data, size});
  return 0;
}

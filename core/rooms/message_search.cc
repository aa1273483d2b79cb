// SPDX-License-Identifier: MIT
#include "core/rooms/message_search.h"

#include <algorithm>
#include <utility>

#include "core/broker/search_text.h"
#include "core/rooms/room_store.h"
#include "core/rooms/rules/message.h"
#include "protocol/json_writer.h"

namespace chirm {

namespace {

// An answer goes through the connection's private lane as a whole, so it is bounded. What is beyond
// that is left out, and the answer says where to go on.
constexpr std::size_t kResultsBytesMax = 512 * 1024;
// Each word is looked up in the store.
constexpr std::size_t kWordsMax = 10;

std::string results_of(const SearchResult& found) {
  JsonWriter json;
  json.open();
  json.open_array("results");
  std::uint64_t next = found.next;
  std::size_t bytes = 0;
  for (const Publication& publication : found.publications) {
    bytes += publication.body.size();
    const StoredMessage message = read_stored(publication.body);
    json.open();
    json.add("offset", publication.offset);
    json.add("user", message.user);
    json.add("name", message.name);
    json.add_raw("data", message.data);
    if (message.time != 0) json.add("time", message.time);
    json.close();
    if (bytes > kResultsBytesMax) {
      next = publication.offset;
      break;
    }
  }
  json.close_array();
  if (next != 0) json.add("next", next);
  json.close();
  return json.take();
}

}  // namespace

Task<RpcResult> search_messages(RoomStore& store, Request request) {
  const std::size_t words = folded_words(request.query).size();
  if (words == 0 || words > kWordsMax) {
    co_return bad_request("query: expected 1 to 10 words of letters or digits");
  }
  Future<Expected<SearchResult, ErrorCode>> future;
  store.broker().search({.channel = request.channel,
                         .query = request.query,
                         .before = request.before,
                         .limit = std::min(request.limit, SearchRequest::kLimitMax)},
                        future.setter());
  const SearchResult found = co_await ok(std::move(future));
  co_return results_of(found);
}

}  // namespace chirm

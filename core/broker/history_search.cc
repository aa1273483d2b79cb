// SPDX-License-Identifier: MIT
#include "core/broker/history_search.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "core/broker/search_text.h"

namespace chirm {

namespace {

// A page takes about a millisecond; other work has its turn in between.
constexpr std::uint32_t kPageCount = 256;
constexpr std::size_t kPageBytes = 128 * 1024;

struct Search {
  Broker& broker;
  const std::string channel;
  const std::vector<std::string> words;
  const std::size_t limit;
  Broker::Callback<SearchResult> done;
  std::uint64_t before;
  std::uint64_t publications = 0;  // read so far
  std::size_t bytes = 0;
  SearchResult result = {};
};

void read_page(const std::shared_ptr<Search>& search);

// True when the search is over.
bool take_page(Search& search, const History& page) {
  for (const Publication& one : page.publications) {
    search.before = one.offset;
    ++search.publications;
    search.bytes += one.body.size();
    if (has_words(message_text(one.body), search.words)) search.result.publications.push_back(one);
    const bool is_enough = search.result.publications.size() == search.limit ||
                           search.publications >= kSearchPublicationsMax ||
                           search.bytes >= kSearchBytesMax;
    if (!is_enough) continue;
    search.result.next = one.offset > 1 ? one.offset : 0;
    return true;
  }
  // An empty page, or offset 1: the beginning of the log is reached.
  return page.publications.empty() || search.before == 1;
}

void on_page(const std::shared_ptr<Search>& search, const Expected<History, ErrorCode>& page) {
  // A query without words is refused here and not before: no call calls back from within.
  if (!page) return search->done(Unexpected<ErrorCode>(page.error()));
  if (search->words.empty()) return search->done(Unexpected<ErrorCode>(errors::kBadRequest));
  if (take_page(*search, *page)) return search->done(std::move(search->result));
  read_page(search);
}

void read_page(const std::shared_ptr<Search>& search) {
  search->broker.history(
      {search->channel, search->before, kPageCount, true, kPageBytes},
      [search](const Expected<History, ErrorCode>& page) { on_page(search, page); });
}

}  // namespace

void search_history(Broker& broker, const SearchRequest& request,
                    Broker::Callback<SearchResult> done) {
  const std::size_t limit = std::clamp<std::size_t>(request.limit, 1, SearchRequest::kLimitMax);
  read_page(std::make_shared<Search>(Search{.broker = broker,
                                            .channel = std::string(request.channel),
                                            .words = folded_words(request.query),
                                            .limit = limit,
                                            .done = std::move(done),
                                            .before = request.before}));
}

}  // namespace chirm

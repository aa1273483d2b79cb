// SPDX-License-Identifier: MIT
#pragma once
// Searches a channel by reading its history, for stores without an index: page by page, from the
// newest publication back, and a bounded amount in each search. Private to core/broker.

#include "core/broker/broker.h"

namespace chirm {

// What a search reads at most; then its result says where to go on.
inline constexpr std::uint64_t kSearchPublicationsMax = 10'000;
inline constexpr std::size_t kSearchBytesMax = 8 * 1024 * 1024;

void search_history(Broker& broker, const SearchRequest& request,
                    Broker::Callback<SearchResult> done);

}  // namespace chirm

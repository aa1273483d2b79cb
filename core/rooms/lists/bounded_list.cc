// SPDX-License-Identifier: MIT
#include "core/rooms/lists/bounded_list.h"

#include <algorithm>
#include <utility>

#include "core/base/check.h"

namespace chirm {

Task<Result<std::vector<std::string>>> make_space_in(RoomStore& store, std::string collection,
                                                     std::uint64_t size_max) {
  CHIRM_CHECK(size_max > 0 && size_max <= DocumentStore::kListMax, size_max);
  std::vector<std::string> removed;
  const std::uint64_t count = co_await ok(store.count(collection));
  if (count < size_max) co_return removed;
  std::vector<NamedDocument> listed =
      co_await ok(store.list(collection, {}, DocumentStore::kListMax));
  if (listed.size() < size_max) co_return removed;
  const auto since = [](const NamedDocument& one) {
    return ListRecord::decode(one.document.value).since;
  };
  std::ranges::stable_sort(listed, {}, since);
  listed.resize(listed.size() - size_max + 1);
  for (const NamedDocument& one : listed) {
    // Whoever has changed it meanwhile has made it newer, and it stays.
    const bool is_gone = co_await ok(store.lists.put(collection, one.id, one.document.version, ""));
    if (is_gone) removed.push_back(one.id);
  }
  co_return removed;
}

}  // namespace chirm

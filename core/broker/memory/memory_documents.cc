// SPDX-License-Identifier: MIT
#include "core/broker/memory/memory_documents.h"

#include <utility>

namespace chirm {

const MemoryDocuments::Collection* MemoryDocuments::find(std::string_view collection) const {
  const auto found = collections_.find(collection);
  return found == collections_.end() ? nullptr : &found->second;
}

void MemoryDocuments::do_get(std::string_view collection, std::string_view id,
                             Callback<Document> done) {
  Document document;
  if (const Collection* all = find(collection)) {
    if (const auto found = all->find(id); found != all->end()) document = found->second;
  }
  later().add([document, answer = std::move(done)] { answer(document); });
}

void MemoryDocuments::do_put(std::string_view collection, std::string_view id,
                             std::uint64_t expected, std::string_view value,
                             Callback<PutResult> done) {
  // What is done is decided now, in the order of the calls, and only told later.
  Collection& all = collections_[std::string(collection)];
  const auto found = all.find(id);
  PutResult result;
  if (found != all.end()) result.current = found->second;
  result.is_stored = result.current.version == expected;
  const bool is_change = result.is_stored && !(value.empty() && found == all.end());
  if (is_change && value.empty()) {
    all.erase(found);
    result.current = {};
  } else if (is_change) {
    result.current = {++version_, std::string(value)};
    all[std::string(id)] = result.current;
  }
  // Else everybody who asks for collections that do not exist would leave one behind.
  if (all.empty()) collections_.erase(collections_.find(collection));
  later().add([this, is_change, name = std::string(collection), key = std::string(id), result,
               answer = std::move(done)] {
    if (is_change) tell_changed(name, key, result.current);
    answer(result);
  });
}

void MemoryDocuments::do_list(const ListRequest& request,
                              Callback<std::vector<NamedDocument>> done) {
  std::vector<NamedDocument> listed;
  if (const Collection* all = find(request.collection)) {
    auto next = request.after.empty() ? all->begin() : all->upper_bound(request.after);
    for (; next != all->end() && listed.size() < request.limit; ++next) {
      listed.push_back({next->first, next->second});
    }
  }
  later().add([listed = std::move(listed), answer = std::move(done)] { answer(listed); });
}

void MemoryDocuments::do_count(std::string_view collection, Callback<std::uint64_t> done) {
  const Collection* all = find(collection);
  const std::uint64_t size = all == nullptr ? 0 : all->size();
  later().add([size, answer = std::move(done)] { answer(size); });
}

void MemoryDocuments::do_clear(std::string_view collection, Callback<std::uint64_t> done) {
  std::uint64_t removed = 0;
  if (const auto found = collections_.find(collection); found != collections_.end()) {
    removed = found->second.size();
    collections_.erase(found);
  }
  later().add([removed, answer = std::move(done)] { answer(removed); });
}

}  // namespace chirm

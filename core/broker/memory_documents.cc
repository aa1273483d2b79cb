// SPDX-License-Identifier: MIT
#include "core/broker/memory_documents.h"

#include <utility>

namespace chirm {

void MemoryDocuments::remove_listener(DocumentListener& listener) {
  std::erase(listeners_, &listener);
}

const MemoryDocuments::Collection* MemoryDocuments::find(std::string_view collection) const {
  const auto found = collections_.find(collection);
  return found == collections_.end() ? nullptr : &found->second;
}

void MemoryDocuments::get(std::string_view collection, std::string_view id,
                          Callback<Document> done) {
  Document document;
  if (const Collection* all = find(collection)) {
    if (const auto found = all->find(id); found != all->end()) document = found->second;
  }
  later_.add([document, answer = std::move(done)] { answer(document); });
}

void MemoryDocuments::put(std::string_view collection, std::string_view id, std::uint64_t expected,
                          std::string_view value, Callback<PutResult> done) {
  Collection& all = collections_[std::string(collection)];
  const auto found = all.find(id);
  PutResult result;
  if (found != all.end()) result.current = found->second;
  if (result.current.version != expected) {
    later_.add([result, answer = std::move(done)] { answer(result); });
    return;
  }
  result.is_stored = true;
  result.current = {};
  if (!value.empty()) {
    result.current = {++version_, std::string(value)};
    all[std::string(id)] = result.current;
  } else if (found != all.end()) {
    all.erase(found);
  }
  later_.add([this, name = std::string(collection), key = std::string(id), result,
              answer = std::move(done)] {
    for (DocumentListener* listener : std::vector(listeners_)) {
      listener->on_document(name, key, result.current);
    }
    answer(result);
  });
}

void MemoryDocuments::list(const ListRequest& request, Callback<std::vector<NamedDocument>> done) {
  std::vector<NamedDocument> listed;
  if (const Collection* all = find(request.collection)) {
    const std::uint32_t limit = std::min(request.limit, kListMax);
    auto next = request.after.empty() ? all->begin() : all->upper_bound(request.after);
    for (; next != all->end() && listed.size() < limit; ++next) {
      listed.push_back({next->first, next->second});
    }
  }
  later_.add([listed = std::move(listed), answer = std::move(done)] { answer(listed); });
}

void MemoryDocuments::count(std::string_view collection, Callback<std::uint64_t> done) {
  const Collection* all = find(collection);
  const std::uint64_t size = all == nullptr ? 0 : all->size();
  later_.add([size, answer = std::move(done)] { answer(size); });
}

void MemoryDocuments::clear(std::string_view collection, Callback<std::uint64_t> done) {
  std::uint64_t removed = 0;
  if (const auto found = collections_.find(collection); found != collections_.end()) {
    removed = found->second.size();
    collections_.erase(found);
  }
  later_.add([removed, answer = std::move(done)] { answer(removed); });
}

}  // namespace chirm

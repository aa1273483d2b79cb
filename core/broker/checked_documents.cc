// SPDX-License-Identifier: MIT
#include "core/broker/checked_documents.h"

#include <algorithm>
#include <utility>

namespace chirm {

namespace {
bool is_name(std::string_view text) {
  return !text.empty() && text.size() <= DocumentStore::kNameBytes;
}
}  // namespace

// In a turn of its own: no call calls back before it has returned.
template <class T>
void CheckedDocuments::refuse(Callback<T> done) {
  later_.add([refused = std::move(done)] { refused(Unexpected<ErrorCode>(errors::kBadRequest)); });
}

void CheckedDocuments::get(std::string_view collection, std::string_view id,
                           Callback<Document> done) {
  if (!is_name(collection) || !is_name(id)) return refuse<Document>(std::move(done));
  do_get(collection, id, std::move(done));
}

void CheckedDocuments::put(std::string_view collection, std::string_view id, std::uint64_t expected,
                           std::string_view value, Callback<PutResult> done) {
  if (!is_name(collection) || !is_name(id) || value.size() > kValueBytes) {
    return refuse<PutResult>(std::move(done));
  }
  do_put(collection, id, expected, value, std::move(done));
}

void CheckedDocuments::list(const ListRequest& request, Callback<std::vector<NamedDocument>> done) {
  if (!is_name(request.collection) || request.after.size() > kNameBytes) {
    return refuse<std::vector<NamedDocument>>(std::move(done));
  }
  do_list({request.collection, request.after, std::min(request.limit, kListMax)}, std::move(done));
}

void CheckedDocuments::count(std::string_view collection, Callback<std::uint64_t> done) {
  if (!is_name(collection)) return refuse<std::uint64_t>(std::move(done));
  do_count(collection, std::move(done));
}

void CheckedDocuments::clear(std::string_view collection, Callback<std::uint64_t> done) {
  if (!is_name(collection)) return refuse<std::uint64_t>(std::move(done));
  do_clear(collection, std::move(done));
}

// Over a copy of the list, with a look whether each is still in it: who is told may remove itself,
// or another one, or even destroy it.
void CheckedDocuments::tell_changed(std::string_view collection, std::string_view id,
                                    const Document& document) {
  for (DocumentListener* listener : std::vector(listeners_)) {
    if (std::find(listeners_.begin(), listeners_.end(), listener) == listeners_.end()) continue;
    listener->on_document(collection, id, document);
  }
}

void CheckedDocuments::tell_maybe_missed() {
  for (DocumentListener* listener : std::vector(listeners_)) {
    if (std::find(listeners_.begin(), listeners_.end(), listener) == listeners_.end()) continue;
    listener->on_documents_maybe_missed();
  }
}

}  // namespace chirm

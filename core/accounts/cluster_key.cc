// SPDX-License-Identifier: MIT
#include "core/accounts/cluster_key.h"

#include <spdlog/spdlog.h>

#include "core/accounts/secrets.h"
#include "protocol/json_fields.h"
#include "protocol/json_writer.h"

namespace chirm {

namespace {

constexpr std::string_view kCollection = "key";
constexpr std::string_view kId = "session";
constexpr std::size_t kKeyBytes = 32;
constexpr std::uint64_t kRetryMs = 500;

}  // namespace

ClusterKey::ClusterKey(Loop& loop, DocumentStore& documents)
    : documents_(documents), retry_(loop, [this] { load(); }) {
  documents_.add_listener(*this);
  load();
}

ClusterKey::~ClusterKey() { documents_.remove_listener(*this); }

void ClusterKey::on_document(std::string_view collection, std::string_view id,
                             const Document& document) {
  if (collection != kCollection || id != kId) return;
  document.version == 0 ? load() : take(document);
}

void ClusterKey::on_documents_maybe_missed() { load(); }

void ClusterKey::load() {
  documents_.get(kCollection, kId, guard_([this](const Expected<Document, ErrorCode>& document) {
                   if (document && document->version == 0) return put();
                   take(document);
                 }));
}

void ClusterKey::put() {
  JsonWriter json;
  json.open();
  json.add("key", to_hex(bytes_.empty() ? random_bytes(kKeyBytes) : bytes_));
  json.close();
  documents_.put(kCollection, kId, 0, json.take(),
                 guard_([this](const Expected<DocumentStore::PutResult, ErrorCode>& put) {
                   // Another node may have been faster: then it is its key.
                   take(put.map([](const auto& result) { return result.current; }));
                 }));
}

void ClusterKey::take(const Expected<Document, ErrorCode>& document) {
  if (!document) return retry_.start(kRetryMs);
  JsonFields fields(document->value);
  const auto key = from_hex(fields.text_or("key", {0, 2 * kKeyBytes}, ""));
  if (key && key->size() == kKeyBytes) {
    const bool is_other = !bytes_.empty() && bytes_ != *key;
    bytes_ = *key;
    if (!is_other) return;
    spdlog::warn("the store has another key than before: whoever is signed in has to do so again");
    return load();  // an answer may be older than what was told
  }
  spdlog::error("the document key/session of the store is no key; nobody can sign in");
  retry_.start(100 * kRetryMs);
}

}  // namespace chirm

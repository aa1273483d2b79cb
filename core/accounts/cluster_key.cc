// SPDX-License-Identifier: MIT
#include "core/accounts/cluster_key.h"

#include <spdlog/spdlog.h>

#include "core/accounts/secrets.h"
#include "core/base/check.h"
#include "protocol/json_fields.h"
#include "protocol/json_writer.h"

namespace chirm {

namespace {

constexpr std::string_view kKeysCollection = "key";
constexpr std::string_view kSessionKeyId = "session";
constexpr std::size_t kKeyBytes = 32;
constexpr std::uint64_t kReadAgainMs = 500;
constexpr std::uint64_t kBadKeyRetryMs = 50'000;  // each time with a line in the log

}  // namespace

ClusterKey::ClusterKey(Loop& loop, DocumentStore& documents)
    : documents_(documents), retry_(loop, [this] { load(); }) {
  documents_.add_listener(*this);
  load();
}

ClusterKey::~ClusterKey() { documents_.remove_listener(*this); }

void ClusterKey::on_document(std::string_view collection, std::string_view id,
                             const Document& document) {
  if (collection != kKeysCollection || id != kSessionKeyId) return;
  document.version == 0 ? load() : take(document);
}

void ClusterKey::on_documents_maybe_missed() { load(); }

// What the store has is taken, whichever node made it; only where there is none, this one makes it.
void ClusterKey::load() {
  documents_.get(kKeysCollection, kSessionKeyId,
                 guard_([this](const Expected<Document, ErrorCode>& document) {
                   if (document && document->version == 0) return put();
                   take(document);
                 }));
}

// As a new document: of several nodes that start at once, one is stored, and the others are
// answered with its key.
void ClusterKey::put() {
  CHIRM_CHECK(bytes_.empty() || bytes_.size() == kKeyBytes, bytes_.size());
  JsonWriter json;
  json.open();
  json.add("key", to_hex(bytes_.empty() ? random_bytes(kKeyBytes) : bytes_));
  json.close();
  documents_.put(kKeysCollection, kSessionKeyId, 0, json.take(),
                 guard_([this](const Expected<DocumentStore::PutResult, ErrorCode>& put) {
                   take(put.map([](const auto& result) { return result.current; }));
                 }));
}

// A key that cannot be read is left alone: another version of chirm may understand it, and
// replacing it would sign everybody out.
void ClusterKey::take(const Expected<Document, ErrorCode>& document) {
  if (!document) return retry_.start(kReadAgainMs);
  JsonFields fields(document->value);
  const auto key = from_hex(fields.text_or("key", {0, 2 * kKeyBytes}, ""));
  if (key && key->size() == kKeyBytes) {
    const bool is_other = !bytes_.empty() && bytes_ != *key;
    bytes_ = *key;
    if (!is_other) return;
    spdlog::warn("the store has another key than before: whoever is signed in has to do so again");
    // Two keys are rare, and may be an old answer that came late: the store is asked once more.
    return load();
  }
  spdlog::error("the document key/session of the store is no key; nobody can sign in");
  retry_.start(kBadKeyRetryMs);
}

}  // namespace chirm

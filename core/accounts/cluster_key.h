// SPDX-License-Identifier: MIT
#pragma once
// The secret that all nodes of a cluster share: it signs session and refresh tokens. The first node
// makes it. When the store has lost it, a node that knows it puts it back; when the store has
// another one, that one counts. On the loop's thread. Private to core/accounts.

#include <string>
#include <string_view>

#include "core/base/guard.h"
#include "core/broker/document_store.h"
#include "core/loop/timer.h"

namespace chirm {

class ClusterKey final : private DocumentListener {
 public:
  // Begins to load the key, and tries again until it is there. Both must outlive the key.
  ClusterKey(Loop& loop, DocumentStore& documents);
  ~ClusterKey();

  // 32 bytes; "" until it is known.
  const std::string& bytes() const { return bytes_; }

 private:
  void on_document(std::string_view collection, std::string_view id,
                   const Document& document) override;
  void on_documents_maybe_missed() override;

  void load();
  // Stores the key that is known, or else a new one, if the store has none.
  void put();
  // What the store has answered or told.
  void take(const Expected<Document, ErrorCode>& document);

  DocumentStore& documents_;
  std::string bytes_;
  Timer retry_;
  Guard guard_;
};

}  // namespace chirm

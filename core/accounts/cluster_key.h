// SPDX-License-Identifier: MIT
#pragma once
// The secret that all nodes of a cluster share: it signs session and refresh tokens. The first node
// makes it.

#include <string>

#include "core/base/guard.h"
#include "core/broker/document_store.h"
#include "core/loop/timer.h"

namespace chirm {

class ClusterKey {
 public:
  // Begins to load the key, and tries again until it is there. Both must outlive the key.
  ClusterKey(Loop& loop, DocumentStore& documents);

  // 32 bytes; "" until it is known.
  const std::string& bytes() const { return bytes_; }

 private:
  void load();
  void make();
  void take(const Expected<Document, ErrorCode>& document);

  DocumentStore& documents_;
  std::string bytes_;
  Timer retry_;
  Guard guard_;
};

}  // namespace chirm

// SPDX-License-Identifier: MIT
#pragma once
// The documents of nodes that share a Redis. A script compares and sets, and publishes the change
// to all nodes. Private to core/broker.

#include <string>
#include <string_view>
#include <vector>

#include "core/broker/checked_documents.h"
#include "core/broker/redis/redis_call.h"

namespace chirm {

class RedisDocuments final : public CheckedDocuments {
 public:
  // Changes go to `all_topic`, which every node has subscribed to.
  RedisDocuments(RedisContext& context, RedisCommands& commands, std::string all_topic);

  // What came on the topic; what is no change of a document is ignored.
  void on_message(std::string_view message);
  // From now on changes arrive; before, some may not have.
  void on_subscribed() { tell_maybe_missed(); }

 private:
  void do_get(std::string_view collection, std::string_view id, Callback<Document> done) override;
  void do_put(std::string_view collection, std::string_view id, std::uint64_t expected,
              std::string_view value, Callback<PutResult> done) override;
  void do_list(const ListRequest& request, Callback<std::vector<NamedDocument>> done) override;
  void do_count(std::string_view collection, Callback<std::uint64_t> done) override;
  void do_clear(std::string_view collection, Callback<std::uint64_t> done) override;

  std::string hash_key(std::string_view collection) const;
  std::string ids_key(std::string_view collection) const;

  RedisContext& context_;
  RedisCommands& commands_;
  const std::string all_topic_;
};

}  // namespace chirm

// SPDX-License-Identifier: MIT
#pragma once
// Who a node is on a Redis.

#include <string>

namespace chirm {

struct RedisIdentity {
  // Nodes with the same Redis, database and prefix form one cluster.
  std::string prefix = "chirm";
  // Unique in the cluster; "" makes one up.
  std::string node_name = {};
  // What names all shards, of which this Redis is one: shards_digest(). While others in the cluster
  // were given others, the node is away.
  std::string shards = {};
};

}  // namespace chirm

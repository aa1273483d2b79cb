// SPDX-License-Identifier: MIT
#pragma once
// What a broker has counted since it was made; the server shows them as metrics. A sharded broker
// adds up those of its shards. A plain list, as long as there are things to count.

#include <array>
#include <cstdint>

#include "core/base/metric_table.h"

namespace chirm {

struct BrokerCounters {
  std::uint64_t publishes = 0;
  std::uint64_t published = 0;   // stored, and answered
  std::uint64_t duplicates = 0;  // answered as the first of their message id was
  std::uint64_t publish_errors = 0;
  std::uint64_t refused_as_full = 0;  // of these, since the store is full
  std::uint64_t histories = 0;
  std::uint64_t history_errors = 0;
  std::uint64_t received = 0;  // passed to the listener
  std::uint64_t invalid_received = 0;
  std::uint64_t link_losses = 0;  // of links that were up
  std::uint64_t resubscribed = 0;
  std::uint64_t resent = 0;  // after a refusal, too
  std::uint64_t script_loads = 0;
  std::uint64_t digests = 0;
  std::uint64_t digest_gaps = 0;
  std::uint64_t leases = 0;  // this node included
  // The store came back as another process, or another server took its place:
  std::uint64_t store_lives = 0;          // as often as this node has seen it
  std::uint64_t suspect_lives = 0;        // lives that gave channels new epochs
  std::uint64_t put_back = 0;             // from what this node held
  std::uint64_t put_back_errors = 0;      // channels
  std::uint64_t store_epoch_changes = 0;  // channels
};

inline constexpr auto kBrokerMetrics = std::to_array<Metric<BrokerCounters>>({
    counter(&BrokerCounters::publishes, "chirm_broker_publishes_total", "Publishes asked for"),
    counter(&BrokerCounters::published, "chirm_broker_published_total", "Publications stored"),
    counter(&BrokerCounters::publish_errors, "chirm_broker_publish_errors_total",
            "Publishes refused or given up"),
    counter(&BrokerCounters::refused_as_full, "chirm_broker_full_total",
            "Publishes refused because the store is full"),
    counter(&BrokerCounters::duplicates, "chirm_broker_duplicates_total",
            "Publishes recognised by their message id"),
    counter(&BrokerCounters::histories, "chirm_broker_histories_total",
            "Reads of a channel's history"),
    counter(&BrokerCounters::history_errors, "chirm_broker_history_errors_total",
            "Reads of history that failed"),
    counter(&BrokerCounters::received, "chirm_broker_received_total",
            "Publications received over the bus"),
    counter(&BrokerCounters::invalid_received, "chirm_broker_invalid_received_total",
            "Bus messages that could not be read"),
    counter(&BrokerCounters::script_loads, "chirm_broker_script_loads_total",
            "Times scripts were loaded into Redis"),
    counter(&BrokerCounters::link_losses, "chirm_broker_link_losses_total",
            "Links to the broker that were lost"),
    counter(&BrokerCounters::resubscribed, "chirm_broker_resubscribed_total",
            "Channels subscribed again after a lost link"),
    counter(&BrokerCounters::resent, "chirm_broker_resent_total",
            "Commands sent again after a lost link"),
    counter(&BrokerCounters::digests, "chirm_broker_digests_total",
            "Messages that say how far channels have got"),
    counter(&BrokerCounters::digest_gaps, "chirm_broker_digest_gaps_total",
            "Channels whose lost last message they showed"),
    gauge(&BrokerCounters::leases, "chirm_broker_leases",
          "Nodes that each store knows, summed over the stores"),
    counter(&BrokerCounters::store_lives, "chirm_broker_store_lives_total",
            "Times the store was restarted or replaced by another"),
    counter(&BrokerCounters::suspect_lives, "chirm_broker_suspect_lives_total",
            "... when it may have lost something for good"),
    counter(&BrokerCounters::put_back, "chirm_broker_put_back_total",
            "Publications given back to a store that lost them"),
    counter(&BrokerCounters::put_back_errors, "chirm_broker_put_back_errors_total",
            "Channels that could not be given back"),
    counter(&BrokerCounters::store_epoch_changes, "chirm_broker_store_epoch_changes_total",
            "Channels of which such a store had another content, or lacked too much"),
});
static_assert(covers<BrokerCounters>(kBrokerMetrics));

}  // namespace chirm

// SPDX-License-Identifier: MIT
#pragma once
// The faults, each injected once and repaired. They tell through `record.what` what they do, as
// soon as that is decided, and through `record.trace` what showed that it happened. What they
// return does not matter. Private to the table of the faults.

#include "tests/chaos/injection.h"

namespace chirm::chaos {

// node_faults.cc
Task<bool> kill_node(Injection& injection);
Task<bool> freeze_node(Injection& injection);
Task<bool> drain_node(Injection& injection);
Task<bool> put_fresh_node_first(Injection& injection);

// redis_faults.cc
Task<bool> kill_redis(Injection& injection);
Task<bool> freeze_redis(Injection& injection);
Task<bool> cut_pubsub(Injection& injection);
Task<bool> wipe_redis(Injection& injection);
Task<bool> roll_back_redis(Injection& injection);
Task<bool> restore_redis(Injection& injection);
Task<bool> fail_over(Injection& injection);
Task<bool> fail_over_as_planned(Injection& injection);

// file_faults.cc
Task<bool> restore_file(Injection& injection);
Task<bool> lose_wal(Injection& injection);
Task<bool> replace_file(Injection& injection);
Task<bool> move_file(Injection& injection);

// network_faults.cc
Task<bool> delay_redis(Injection& injection);
Task<bool> partition_redis(Injection& injection);
Task<bool> lose_answers(Injection& injection);
Task<bool> lose_packets_for_a_while(Injection& injection);

// clock_faults.cc
Task<bool> step_node_clock(Injection& injection);
Task<bool> step_redis_clock(Injection& injection);

// client_faults.cc
Task<bool> reload_nginx(Injection& injection);
Task<bool> kill_nginx(Injection& injection);
Task<bool> stall_readers(Injection& injection);

}  // namespace chirm::chaos

// SPDX-License-Identifier: MIT
#pragma once
// Runs blocking work on libuv's worker pool and its result back on the loop.

#include <functional>

namespace chirm {

class Loop;

// `work` runs on a worker thread, then `done` on the loop's thread. Both keep what they need alive
// themselves: the call cannot be taken back, and the loop is not gone before `done` has run.
void run_on_worker(Loop& loop, std::function<void()> work, std::function<void()> done);

}  // namespace chirm

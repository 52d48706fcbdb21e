// Runs the tasks of a kernel on a fixed set of threads.
#pragma once

#include <cstdint>
#include <functional>

namespace spadework {

// How many threads work on one call, the caller among them: TF_NUM_INTRAOP_THREADS as TensorFlow reads it, else all cores.
int ThreadCount();

// Calls `task` with 0 .. count - 1, each once, in no order, and comes back when all are done. Tasks must not throw.
void ParallelFor(int64_t count, const std::function<void(int64_t)>& task);

}  // namespace spadework

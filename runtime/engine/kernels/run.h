// Runs a plan: chunks on all threads, the blocks of a chunk in order. Sums are combined in one order, which does not depend on
// the number of threads.
#pragma once

#include <vector>

#include "plan.h"
#include "program.h"

namespace spadework {

// The memory of one call. Operands are of float32, or of int32 where a program reads indices.
struct Memory {
  std::vector<const void*> operands;
  std::vector<float*> results;
};

void RunPlan(const Program& program, const Plan& plan, const Memory& memory);

}  // namespace spadework

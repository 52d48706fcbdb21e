// Registers the op that runs a fused program.
#pragma once

namespace spadework {

void RegisterFusedOp();

}  // namespace spadework

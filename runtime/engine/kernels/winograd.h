// Answers for convolutions of stride 1 with filters of 3x3 and 4x4 by minimal filtering: fewer products, more sums.
#pragma once

namespace spadework {

void RegisterWinogradOps();

}  // namespace spadework

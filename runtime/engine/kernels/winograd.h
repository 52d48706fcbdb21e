// Registers convolutions of stride 1 by minimal filtering, for filters of 3x3 and 4x4: fewer products, more sums.
#pragma once

namespace spadework {

void RegisterWinogradOps();

}  // namespace spadework

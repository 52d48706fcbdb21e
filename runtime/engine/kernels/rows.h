// Registers the ops of patch tables, which read and sum rows by index.
#pragma once

namespace spadework {

void RegisterRowOps();

}  // namespace spadework

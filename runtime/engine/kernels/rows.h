// Answers for the ops of patch tables: rows read and summed by index.
#pragma once

namespace spadework {

void RegisterRowOps();

}  // namespace spadework

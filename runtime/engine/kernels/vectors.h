// Answers for loops over arrays of float32, written so that compilers make vector instructions of them.
#pragma once

#include <cstdint>

namespace spadework {

inline void Add(float* __restrict to, const float* __restrict from, int64_t count) {
  for (int64_t i = 0; i < count; i++) to[i] += from[i];
}

inline void Add(double* __restrict to, const float* __restrict from, int64_t count) {
  for (int64_t i = 0; i < count; i++) to[i] += from[i];
}

}  // namespace spadework

// Loops over arrays of float32 that compilers turn into vector instructions.
#pragma once

#include <algorithm>
#include <cstdint>

namespace spadework {

// Has the processor fetch a line of the cache. The empty instruction keeps compilers from leaving out a loop of nothing else.
inline void Fetch(const void* address) {
  __builtin_prefetch(address, 0, 2);
  asm volatile("" : : "r"(address));
}

inline void Add(float* __restrict to, const float* __restrict from, int64_t count) {
  for (int64_t i = 0; i < count; i++) to[i] += from[i];
}

inline void Add(double* __restrict to, const float* __restrict from, int64_t count) {
  for (int64_t i = 0; i < count; i++) to[i] += from[i];
}

// Adds distances from `shift`, and their squares.
inline void AddDistances(float* __restrict sum, float* __restrict squares, const float* __restrict from,
                         const float* __restrict shift, int64_t count) {
  for (int64_t i = 0; i < count; i++) {
    const float distance = from[i] - shift[i];
    sum[i] += distance;
    squares[i] += distance * distance;
  }
}

// Adds `rows` rows of `width` numbers to one.
template <class Number>
void AddRun(Number* __restrict to, const float* __restrict from, int64_t rows, int64_t width) {
  if (rows == 1) return Add(to, from, width);
  constexpr int64_t part = 64;
  for (int64_t start = 0; start < width; start += part) {
    const int64_t count = std::min(part, width - start);
    float sum[part];
    for (int64_t i = 0; i < count; i++) sum[i] = from[start + i];
    for (int64_t row = 1; row < rows; row++) Add(sum, from + row * width + start, count);
    Add(to + start, sum, count);
  }
}

// Adds numbers up in lanes, which keeps their digits and lets them be vectors.
inline float Sum(const float* from, int64_t count) {
  constexpr int64_t lanes = 16;
  float sums[lanes] = {};
  int64_t i = 0;
  for (; i + lanes <= count; i += lanes) Add(sums, from + i, lanes);
  float sum = 0;
  for (; i < count; i++) sum += from[i];
  for (const float lane : sums) sum += lane;
  return sum;
}

inline float Largest(const float* from, int64_t count) {
  float largest = from[0];
  for (int64_t i = 1; i < count; i++) largest = from[i] > largest ? from[i] : largest;
  return largest;
}

}  // namespace spadework

// What instructions are written with, beside the standard library: the bits of float32 numbers.
#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>

// Loops over numbers are made vector instructions of only where nothing in them is called.
#define SPADEWORK_INLINE __attribute__((always_inline)) inline

namespace spadework {

SPADEWORK_INLINE int32_t BitsOf(float value) {
  int32_t bits;
  std::memcpy(&bits, &value, sizeof bits);
  return bits;
}

SPADEWORK_INLINE float FromBits(int32_t bits) {
  float value;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

// 2 to the power of an integer from -126 to 127.
SPADEWORK_INLINE float PowerOfTwo(int32_t exponent) { return FromBits((exponent + 127) << 23); }

}  // namespace spadework

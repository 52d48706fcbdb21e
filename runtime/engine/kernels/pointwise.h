// Answers for the loops of pointwise ops over blocks of numbers.
#pragma once

#include <cstdint>
#include <string>

namespace spadework {

// Computes `count` numbers of `to` from as many of each operand, or from one where an operand is a scalar. `to` may be one of
// the operands.
using Loop = void (*)(float* to, const float* a, const float* b, const float* c, int64_t count, float number);

// Finds the loop of an op. Bit i of `scalars` says that operand i is one number.
Loop FindLoop(const std::string& op, unsigned scalars);

}  // namespace spadework

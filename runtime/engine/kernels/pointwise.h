// Loops over blocks of numbers for the instructions of programs, which are pointwise ops.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace spadework {

// Computes `count` numbers of `to` from as many of each operand, or from one where an operand is a scalar. `to` may be one of
// the operands.
using Loop = void (*)(float* to, const float* a, const float* b, const float* c, int64_t count, const float* parameters);

// The instructions a + b and a * b, as their ops' entries say.
extern const char* const kSum;
extern const char* const kProduct;

// Names the instruction a * b + c, which a plan makes of these two; programs cannot write it.
constexpr char kMultiplyAdd[] = "mul+add";

// Fails where there is no instruction `name`, or one that takes other numbers of operands and parameters.
void CheckInstruction(const std::string& name, size_t operands, size_t parameters);

// Finds the loop of an instruction. Bit i of `scalars` says that operand i is one number.
Loop FindLoop(const std::string& name, unsigned scalars);

}  // namespace spadework

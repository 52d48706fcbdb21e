// Parses the text of a fused program; compiler/ops/fused/program.ts says what it means.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tensorflow.h"

namespace spadework {

// What a pixel has one number of, or one for each channel.
struct Value {
  std::string op;
  std::vector<int> inputs;        // the values that it is computed from
  int operand = -1;               // what a leaf reads
  int pixels = -1;                // operand that chooses a row of `operand` for each pixel
  int64_t factor = 1;             // how often each pixel of `operand` is repeated, along both axes
  float number = 0;               // of constants
  std::vector<float> parameters;  // of instructions
  Shape shape;                    // under which a leaf reads its operand
};

struct Result {
  enum class Kind { kStore, kSum, kSquares, kPool, kCollect };
  Kind kind = Kind::kStore;
  int value = -1;
  std::vector<bool> summed;  // for each axis of the domain
  int64_t factor = 1;        // side of the squares that are averaged
  int pixels = -1;           // operand that says which row each pixel is added to
  int like = -1;             // operand with as many rows as the result
  Shape shape;
};

struct Program {
  Shape domain;
  std::vector<Value> values;
  std::vector<Result> results;
};

Program ParseProgram(const std::string& text);

// Sizes from here on are symbols, which the operands of a call give values.
constexpr int64_t kFirstSymbol = int64_t{1} << 32;

}  // namespace spadework

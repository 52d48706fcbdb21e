// Multiplies matrices by panels of columns; the left factor may have any number of rows and is read in place.
#pragma once

#include <cstdint>
#include <utility>

#include "minimal-filtering.h"

namespace spadework {

// Rows whose sums stay in registers together, with two vectors each: processors with the widest vectors have 32 registers.
#if defined(__AVX512F__)
constexpr int64_t kRows = 14;
#else
constexpr int64_t kRows = 6;
#endif
constexpr int64_t kPanel = 2 * kLanes;

// A factor's numbers: from one row to the next, and from one product of a sum to the next.
struct Strides {
  int64_t row, depth;
};

// Sums a[r, c] b[c, panel] over c, for `Rows` rows; either sets `to` or adds to it.
template <int64_t Rows, bool Adds>
void MultiplyRows(const float* a, Strides of_a, const float* b, int64_t of_b, int64_t depth, float* to, int64_t of_to) {
  Vector sums[Rows][2] = {};
  for (int64_t c = 0; c < depth; c++) {
    const Vector left = Load(b + c * of_b), right = Load(b + c * of_b + kLanes);
    const float* factors = a + c * of_a.depth;
#pragma GCC unroll 16
    for (int64_t r = 0; r < Rows; r++) {
      const float factor = factors[r * of_a.row];
      sums[r][0] += factor * left;
      sums[r][1] += factor * right;
    }
  }
#pragma GCC unroll 16
  for (int64_t r = 0; r < Rows; r++) {
    float* row = to + r * of_to;
    Store(row, Adds ? Load(row) + sums[r][0] : sums[r][0]);
    Store(row + kLanes, Adds ? Load(row + kLanes) + sums[r][1] : sums[r][1]);
  }
}

using RowsMultiplier = void (*)(const float*, Strides, const float*, int64_t, int64_t, float*, int64_t);

template <bool Adds, int64_t... Fewer>
RowsMultiplier MultiplierOf(int64_t rows, std::integer_sequence<int64_t, Fewer...>) {
  static constexpr RowsMultiplier all[] = {MultiplyRows<Fewer + 1, Adds>...};
  return all[rows - 1];
}

// Multiplies any number of rows by a panel, in parts of about the same size.
template <bool Adds>
void Multiply(int64_t rows, const float* a, Strides of_a, const float* b, int64_t of_b, int64_t depth, float* to,
              int64_t of_to) {
  const int64_t parts = (rows + kRows - 1) / kRows;
  for (int64_t part = 0; part < parts; part++) {
    const int64_t start = rows * part / parts, end = rows * (part + 1) / parts;
    const auto multiply = MultiplierOf<Adds>(end - start, std::make_integer_sequence<int64_t, kRows>());
    multiply(a + start * of_a.row, of_a, b, of_b, depth, to + start * of_to, of_to);
  }
}

}  // namespace spadework

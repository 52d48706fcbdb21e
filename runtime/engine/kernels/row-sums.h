// Sums rows that share an index. Entries are first ordered by index, so each sum is one run. Its order does not depend on the
// number of threads, and its parts are short, which keeps rounding errors small.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "vectors.h"

namespace spadework {

class RowOrder {
 public:
  // Orders entries 0 .. count - 1 by `targets`; those outside 0 .. rows - 1 are left out.
  RowOrder(const int32_t* targets, int64_t count, int64_t rows) : starts_(rows + 1) {
    for (int64_t entry = 0; entry < count; entry++)
      if (IsRow(targets[entry])) starts_[targets[entry] + 1]++;
    for (int64_t row = 0; row < rows; row++) starts_[row + 1] += starts_[row];
    entries_.resize(starts_[rows]);
    std::vector<int32_t> next(starts_.begin(), starts_.end() - 1);
    for (int64_t entry = 0; entry < count; entry++)
      if (IsRow(targets[entry])) entries_[next[targets[entry]]++] = static_cast<int32_t>(entry);
  }

  // Writes the sum of the entries of `row`, each `channels` numbers of `from`, to `to`.
  void Sum(int64_t row, const float* from, int64_t channels, float* to) const {
    const int64_t first = starts_[row], last = starts_[row + 1];
    if (last - first <= kPart) return SumPart(first, last, from, channels, to);
    std::vector<double> total(channels);
    std::vector<float> part(channels);
    for (int64_t start = first; start < last; start += kPart) {
      SumPart(start, std::min(last, start + kPart), from, channels, part.data());
      Add(total.data(), part.data(), channels);
    }
    for (int64_t channel = 0; channel < channels; channel++) to[channel] = static_cast<float>(total[channel]);
  }

 private:
  // How many entries are added up in float32 before double precision takes over.
  static constexpr int64_t kPart = 64;

  bool IsRow(int32_t target) const { return target >= 0 && target < static_cast<int64_t>(starts_.size()) - 1; }

  void SumPart(int64_t first, int64_t last, const float* from, int64_t channels, float* to) const {
    std::fill_n(to, channels, 0.0f);
    for (int64_t i = first; i < last; i++) Add(to, from + entries_[i] * channels, channels);
  }

  std::vector<int32_t> starts_;  // where the entries of each row begin
  std::vector<int32_t> entries_;
};

}  // namespace spadework

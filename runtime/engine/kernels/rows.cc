#include "rows.h"

#include <algorithm>
#include <cstring>
#include <vector>

#include "parallel.h"
#include "row-sums.h"
#include "tensorflow.h"
#include "vectors.h"

namespace spadework {
namespace {

// How many rows one task takes.
constexpr int64_t kRowsOfTask = 256;

constexpr int64_t kRowsAhead = 2;  // how early memory is asked for
constexpr int64_t kLine = 16;      // numbers of a line of the cache

int64_t TasksFor(int64_t rows) { return (rows + kRowsOfTask - 1) / kRowsOfTask; }

bool LeadsTo(int32_t row, int64_t rows) { return row >= 0 && row < rows; }

// expand_rows: table [T,C], pixels [..] -> [..,C].
struct ExpandRows {
  explicit ExpandRows(const Construction&) {}

  void Compute(Call& call) const {
    const Shape table_shape = call.InputShape(0);
    Shape shape = call.InputShape(1);
    const int64_t pixel_count = SizeOf(shape), rows = table_shape[0], channels = table_shape[1];
    shape.push_back(channels);
    const float* table = call.Read<float>(0);
    const int32_t* pixels = call.Read<int32_t>(1);
    float* to = call.Write(0, shape);
    ParallelFor(TasksFor(pixel_count), [&](int64_t task) {
      const int64_t end = std::min(pixel_count, (task + 1) * kRowsOfTask);
      for (int64_t pixel = task * kRowsOfTask; pixel < end; pixel++) {
        float* target = to + pixel * channels;
        if (LeadsTo(pixels[pixel], rows))
          std::memcpy(target, table + pixels[pixel] * channels, channels * sizeof(float));
        else
          std::fill_n(target, channels, 0.0f);
      }
    });
  }
};

// collect_rows: dy [..,C], pixels [..], like [T,..] -> [T,C].
struct CollectRows {
  explicit CollectRows(const Construction&) {}

  void Compute(Call& call) const {
    const Shape shape = call.InputShape(0);
    const int64_t channels = shape.back(), rows = call.InputShape(2)[0], pixel_count = SizeOf(call.InputShape(1));
    const float* dy = call.Read<float>(0);
    const int32_t* pixels = call.Read<int32_t>(1);
    float* to = call.Write(0, {rows, channels});
    const RowOrder order(pixels, pixel_count, rows);
    ParallelFor(TasksFor(rows), [&](int64_t task) {
      const int64_t end = std::min(rows, (task + 1) * kRowsOfTask);
      for (int64_t row = task * kRowsOfTask; row < end; row++) order.Sum(row, dy, channels, to + row * channels);
    });
  }
};

// Has the processor fetch what the parts of a patch lead to.
void FetchParts(const float* table, int64_t rows, int64_t width, const int32_t* parts, int64_t places) {
  const int64_t channels = width / places;
  for (int64_t place = 0; place < places; place++)
    if (LeadsTo(parts[place], rows))
      for (int64_t at = 0; at < channels; at += kLine) Fetch(table + parts[place] * width + place * channels + at);
}

// patch_sum: table [T,K O], parts [R,K] -> [R,O].
struct PatchSum {
  explicit PatchSum(const Construction&) {}

  void Compute(Call& call) const {
    const Shape table_shape = call.InputShape(0), parts_shape = call.InputShape(1);
    const int64_t rows = table_shape[0], width = table_shape[1], count = parts_shape[0], places = parts_shape[1];
    const int64_t channels = width / places;
    const float* table = call.Read<float>(0);
    const int32_t* parts = call.Read<int32_t>(1);
    float* to = call.Write(0, {count, channels});
    ParallelFor(TasksFor(count), [&](int64_t task) {
      const int64_t end = std::min(count, (task + 1) * kRowsOfTask);
      for (int64_t row = task * kRowsOfTask; row < end; row++) {
        float* sum = to + row * channels;
        std::fill_n(sum, channels, 0.0f);
        if (row + kRowsAhead < end) FetchParts(table, rows, width, parts + (row + kRowsAhead) * places, places);
        for (int64_t place = 0; place < places; place++) {
          const int32_t part = parts[row * places + place];
          if (LeadsTo(part, rows)) Add(sum, table + part * width + place * channels, channels);
        }
      }
    });
  }
};

// patch_spread: dy [R,O], parts [R,K], like [T,..] -> [T,K O].
struct PatchSpread {
  explicit PatchSpread(const Construction&) {}

  void Compute(Call& call) const {
    const Shape dy_shape = call.InputShape(0), parts_shape = call.InputShape(1);
    const int64_t count = dy_shape[0], channels = dy_shape[1], places = parts_shape[1], rows = call.InputShape(2)[0];
    const float* dy = call.Read<float>(0);
    const int32_t* parts = call.Read<int32_t>(1);
    float* to = call.Write(0, {rows, places * channels});
    ParallelFor(places, [&](int64_t place) {
      std::vector<int32_t> targets(count);
      for (int64_t row = 0; row < count; row++) targets[row] = parts[row * places + place];
      const RowOrder order(targets.data(), count, rows);
      for (int64_t row = 0; row < rows; row++)
        order.Sum(row, dy, channels, to + (row * places + place) * channels);
    });
  }
};

}  // namespace

void RegisterRowOps() {
  RegisterKernel<ExpandRows>({"SpadeworkExpandRows", {}, {"table: float", "pixels: int32"}, {"y: float"}});
  RegisterKernel<CollectRows>(
      {"SpadeworkCollectRows", {"L: type"}, {"dy: float", "pixels: int32", "like: L"}, {"table: float"}});
  RegisterKernel<PatchSum>({"SpadeworkPatchSum", {}, {"table: float", "parts: int32"}, {"y: float"}});
  RegisterKernel<PatchSpread>(
      {"SpadeworkPatchSpread", {"L: type"}, {"dy: float", "parts: int32", "like: L"}, {"table: float"}});
}

}  // namespace spadework

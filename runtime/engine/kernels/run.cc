#include "run.h"

#include <algorithm>
#include <cstring>
#include <limits>

#include "parallel.h"
#include "vectors.h"

namespace spadework {
namespace {

constexpr int64_t kLine = 16;        // numbers of a line of the cache
constexpr int64_t kBlocksAhead = 2;  // how early memory is asked for

// Sums of one chunk: totals, or means and sums of squared distances from them.
struct Partial {
  std::vector<double> first, second;
  int64_t count = 0;  // numbers that each entry is of
};

// Sums of the pixels that read each row of a table, which one thread collects: in double precision where it costs little,
// because a small table has rows of many pixels, added one after the other.
struct Table {
  std::vector<double> exact;
  std::vector<float> own;
  float* sums = nullptr;  // those in float32: `own`, or the result itself
  int64_t rows = 0;
};

// Numbers up to which a table is exact.
constexpr int64_t kExactNumbers = 1 << 15;

void CopyRow(float* __restrict to, const float* __restrict from, int64_t width) {
  for (int64_t i = 0; i < width; i++) to[i] = from[i];
}

// A worker's memory, which it keeps from call to call.
float* OwnMemory(int64_t size) {
  static thread_local std::vector<float> memory;
  if (static_cast<int64_t>(memory.size()) < size + 16) memory.resize(size + 16);
  const auto address = reinterpret_cast<uintptr_t>(memory.data());
  return memory.data() + (64 - address % 64) % 64 / sizeof(float);
}

class ChunkRun {
 public:
  ChunkRun(const Program& program, const Plan& plan, const Memory& memory, int64_t chunk)
      : program_(program), plan_(plan), memory_(memory), own_(OwnMemory(plan.workspace)) {
    picture_ = chunk / plan.ChunksOfPicture();
    first_ = chunk % plan.ChunksOfPicture() * plan.chunk;
    last_ = std::min(plan.pixels, first_ + plan.chunk);
  }

  // Runs the chunk; its sums go to `partials`, by result, and what it collects to `tables`.
  void Run(std::vector<Partial>& partials, std::vector<Table>& tables) {
    for (const Accumulator& accumulator : plan_.accumulators)
      for (const int place : {accumulator.sum, accumulator.squares})
        if (place >= 0) std::fill_n(At(place, 0), plan_.places[place].size, 0.0f);
    for (const Step& step : plan_.chunk_steps) {
      if (step.kind == Step::Kind::kSpread)
        Spread(step, 0, plan_.block);
      else
        step.loop(At(step.to, 0), At(step.a, 0), At(step.b, 0), At(step.c, 0), step.width, step.parameters.data());
    }
    for (int64_t pixel = first_; pixel < last_; pixel += plan_.block)
      RunBlock(pixel, std::min(plan_.block, last_ - pixel), tables);
    for (size_t result = 0; result < plan_.accumulators.size(); result++)
      if (plan_.accumulators[result].sum >= 0) Finish(plan_.accumulators[result], &partials[result]);
  }

 private:
  float* At(int index, int64_t pixel) const {
    const Place& place = plan_.places[index];
    const int64_t offset = picture_ * place.picture_stride + pixel * place.pixel_stride;
    switch (place.kind) {
      case Place::Kind::kNumber:
        return const_cast<float*>(&place.number);
      case Place::Kind::kOperand:
        return const_cast<float*>(static_cast<const float*>(memory_.operands[place.index])) + offset;
      case Place::Kind::kResult:
        return memory_.results[place.index] + offset;
      case Place::Kind::kOwn:
        break;
    }
    return own_ + place.offset;
  }

  // Has the processor fetch what a later block reads and writes, a part at each step of this one: memory and arithmetic then
  // work at the same time. Blocks are too short for it to find out by itself.
  void FetchAhead(int64_t pixel, int64_t part, int64_t parts) const {
    if (pixel >= last_) return;
    const int64_t pixels = std::min(plan_.block, last_ - pixel);
    for (const int place : plan_.streams) {
      const float* first = At(place, pixel);
      const int64_t lines = (pixels * plan_.places[place].pixel_stride + kLine - 1) / kLine;
      const int64_t end = (part + 1) * lines / parts;
      for (int64_t line = part * lines / parts; line < end; line++) Fetch(first + line * kLine);
    }
    if (part == 0)
      for (const Gather& gather : plan_.gathers)
        if (gather.pixels >= 0) FetchRows(gather, pixel, pixels);
  }

  void FetchRows(const Gather& gather, int64_t pixel, int64_t count) const {
    const float* table = static_cast<const float*>(memory_.operands[gather.operand]);
    const int32_t* rows = PixelsAt(gather.pixels, pixel);
    for (int64_t i = 0; i < count; i++)
      if (rows[i] >= 0 && rows[i] < gather.rows && (i == 0 || rows[i] != rows[i - 1]))
        for (int64_t at = 0; at < plan_.channels; at += kLine) Fetch(table + rows[i] * plan_.channels + at);
  }

  void RunBlock(int64_t pixel, int64_t count, std::vector<Table>& tables) {
    int64_t part = 0;
    const int64_t parts = static_cast<int64_t>(plan_.block_steps.size());
    for (const Step& step : plan_.block_steps) {
      if (!plan_.streams.empty()) FetchAhead(pixel + kBlocksAhead * plan_.block, part++, parts);
      switch (step.kind) {
        case Step::Kind::kLoop:
          step.loop(At(step.to, pixel), At(step.a, pixel), At(step.b, pixel), At(step.c, pixel), count * step.width,
                    step.parameters.data());
          break;
        case Step::Kind::kGather:
          if (plan_.gathers[step.item].pixels >= 0)
            ReadRows(step, pixel, count);
          else
            Read(step, pixel, count);
          break;
        case Step::Kind::kSpread:
          Spread(step, pixel, count);
          break;
        case Step::Kind::kSumLast:
        case Step::Kind::kMaxLast:
          ReduceLast(step, pixel, count);
          break;
        case Step::Kind::kCopy:
          CopyRow(At(step.to, pixel), At(step.a, pixel), count * step.width);
          break;
        case Step::Kind::kSquares:
          AddSquares(step, pixel, count);
          break;
        case Step::Kind::kPool:
          Pool(step, pixel, count);
          break;
        case Step::Kind::kCollect:
          Collect(step, pixel, count, &tables[step.item]);
          break;
      }
    }
  }

  // Reads numbers at indices that are divided and multiplied along the axes.
  void Read(const Step& step, int64_t pixel, int64_t count) const {
    const Gather& gather = plan_.gathers[step.item];
    const float* from =
        static_cast<const float*>(memory_.operands[gather.operand]) + picture_ * gather.picture_stride;
    float* to = At(step.to, pixel);
    const int last = static_cast<int>(gather.axes.size()) - 1;
    const Gather::Axis& inner = gather.axes[last];
    for (int64_t done = 0; done < count;) {
      // One run along the last axis of pixels.
      int64_t rest = pixel + done, offset = 0;
      const int64_t start = rest % inner.size;
      rest /= inner.size;
      for (int axis = last - 1; axis >= 0; axis--) {
        offset += rest % gather.axes[axis].size / gather.axes[axis].divisor * gather.axes[axis].stride;
        rest /= gather.axes[axis].size;
      }
      const int64_t end = std::min(inner.size, start + count - done);
      int64_t phase = start % inner.divisor;
      const float* row = from + offset + start / inner.divisor * inner.stride;
      for (int64_t at = start; at < end; at++) {
        CopyRow(to, row, step.width);
        to += step.width;
        if (++phase == inner.divisor) {
          phase = 0;
          row += inner.stride;
        }
      }
      done += end - start;
    }
  }

  const int32_t* PixelsAt(int operand, int64_t pixel) const {
    return static_cast<const int32_t*>(memory_.operands[operand]) + picture_ * plan_.pixels + pixel;
  }

  void ReadRows(const Step& step, int64_t pixel, int64_t count) const {
    const Gather& gather = plan_.gathers[step.item];
    const float* table = static_cast<const float*>(memory_.operands[gather.operand]);
    const int32_t* rows = PixelsAt(gather.pixels, pixel);
    float* to = At(step.to, pixel);
    for (int64_t i = 0; i < count; i++, to += step.width) {
      if (rows[i] >= 0 && rows[i] < gather.rows)
        CopyRow(to, table + rows[i] * step.width, step.width);
      else
        std::fill_n(to, step.width, 0.0f);
    }
  }

  void Spread(const Step& step, int64_t pixel, int64_t count) const {
    const float* from = At(step.a, pixel);
    float* to = At(step.to, pixel);
    if (step.from_width == 1 && !step.per_pixel) {
      std::fill_n(to, count * step.width, *from);
      return;
    }
    for (int64_t i = 0; i < count; i++, to += step.width) {
      if (step.per_pixel)
        std::fill_n(to, step.width, from[i]);
      else
        CopyRow(to, from, step.width);
    }
  }

  void ReduceLast(const Step& step, int64_t pixel, int64_t count) const {
    const float* from = At(step.a, pixel);
    float* to = At(step.to, pixel);
    for (int64_t i = 0; i < count; i++, from += step.from_width)
      to[i] = step.kind == Step::Kind::kSumLast ? Sum(from, step.from_width) : Largest(from, step.from_width);
  }

  void AddSquares(const Step& step, int64_t pixel, int64_t count) const {
    const Accumulator& accumulator = plan_.accumulators[step.item];
    const float* from = At(step.a, pixel);
    float* shift = At(accumulator.shift, pixel);
    if (pixel == first_) ChooseShift(accumulator, from, count, shift);
    AddDistances(At(accumulator.sum, pixel), At(accumulator.squares, pixel), from, shift, count * step.width);
  }

  // Takes the mean of the first block: near the mean of the chunk, so that squared distances from it lose no digits.
  void ChooseShift(const Accumulator& accumulator, const float* from, int64_t count, float* shift) const {
    const int64_t width = accumulator.width;
    std::vector<double> mean(accumulator.result_width);
    for (int64_t i = 0; i < count * width; i++) mean[accumulator.result_width == 1 ? 0 : i % width] += from[i];
    const double share = static_cast<double>(accumulator.result_width) / (count * width);
    for (int64_t i = 0; i < plan_.block * width; i++)
      shift[i] = static_cast<float>(mean[accumulator.result_width == 1 ? 0 : i % width] * share);
  }

  void Pool(const Step& step, int64_t pixel, int64_t count) const {
    const int64_t factor = program_.results[step.item].factor, width = step.width, row = plan_.row;
    const float share = 1.0f / (factor * factor);
    const float* from = At(step.a, pixel);
    float* to = memory_.results[step.item] + picture_ * (plan_.pixels / (factor * factor)) * width;
    for (int64_t i = 0; i < count; i++, from += width) {
      // Rows of all pictures lie one after the other, and pictures have whole squares.
      const int64_t y = (pixel + i) / row, x = (pixel + i) % row;
      float* target = to + (y / factor * (row / factor) + x / factor) * width;
      if (y % factor == 0 && x % factor == 0)
        for (int64_t channel = 0; channel < width; channel++) target[channel] = share * from[channel];
      else
        for (int64_t channel = 0; channel < width; channel++) target[channel] += share * from[channel];
    }
  }

  // Pixels of one row are often neighbors: they are added up before the table is touched.
  void Collect(const Step& step, int64_t pixel, int64_t count, Table* table) const {
    const int32_t* rows = PixelsAt(program_.results[step.item].pixels, pixel);
    const float* from = At(step.a, pixel);
    const int64_t width = step.width;
    for (int64_t i = 0; i < count;) {
      int64_t end = i + 1;
      while (end < count && rows[end] == rows[i]) end++;
      if (rows[i] >= 0 && rows[i] < table->rows) {
        if (table->sums != nullptr)
          AddRun(table->sums + rows[i] * width, from + i * width, end - i, width);
        else
          AddRun(table->exact.data() + rows[i] * width, from + i * width, end - i, width);
      }
      i = end;
    }
  }

  void Finish(const Accumulator& accumulator, Partial* partial) const {
    const int64_t lanes = plan_.block * accumulator.width, width = accumulator.result_width;
    const float* sum = At(accumulator.sum, 0);
    partial->count = (last_ - first_) * accumulator.width / width;
    partial->first.assign(width, 0.0);
    for (int64_t lane = 0; lane < lanes; lane++) partial->first[lane % width] += sum[lane];
    if (!accumulator.has_squares) return;
    const float* squares = At(accumulator.squares, 0);
    const float* shift = At(accumulator.shift, 0);
    partial->second.assign(width, 0.0);
    for (int64_t lane = 0; lane < lanes; lane++) partial->second[lane % width] += squares[lane];
    for (int64_t i = 0; i < width; i++) {
      const double distance = partial->first[i] / partial->count;
      partial->second[i] -= partial->first[i] * distance;
      partial->first[i] = shift[i] + distance;
    }
  }

  const Program& program_;
  const Plan& plan_;
  const Memory& memory_;
  float* own_;
  int64_t picture_, first_, last_;
};

// Adds what chunk after chunk has found to the result; of squares, to that of their values' sum if `of_values`.
void Combine(const Plan& plan, size_t result, const std::vector<std::vector<Partial>>& partials, bool of_values,
             float* to) {
  const Accumulator& accumulator = plan.accumulators[result];
  const int64_t width = accumulator.result_width;
  const int64_t groups = accumulator.is_per_picture ? plan.pictures : 1;
  const int64_t chunks = plan.Chunks() / groups;
  for (int64_t group = 0; group < groups; group++) {
    Partial total = partials[group * chunks][result];
    for (int64_t chunk = 1; chunk < chunks; chunk++) {
      const Partial& next = partials[group * chunks + chunk][result];
      const double count = static_cast<double>(total.count + next.count);
      for (int64_t i = 0; i < width; i++) {
        if (!accumulator.has_squares) {
          total.first[i] += next.first[i];
          continue;
        }
        const double distance = next.first[i] - total.first[i];
        total.first[i] += distance * next.count / count;
        total.second[i] += next.second[i] + distance * distance * total.count * next.count / count;
      }
      total.count += next.count;
    }
    for (int64_t i = 0; i < width; i++) {
      const double sum = !accumulator.has_squares ? total.first[i] : of_values ? total.first[i] * total.count : total.second[i];
      to[group * width + i] = static_cast<float>(sum);
    }
  }
}

// Makes an empty table for a share of the chunks; the first one collects into the result, if it may.
void StartTable(const Shape& shape, int64_t share, float* result, Table* table) {
  const int64_t size = SizeOf(shape);
  table->rows = shape[0];
  if (size <= kExactNumbers) {
    table->exact.resize(size);
    return;
  }
  if (share > 0) table->own.resize(size);
  table->sums = share > 0 ? table->own.data() : result;
  if (share == 0) std::fill_n(result, size, 0.0f);
}

// Adds the tables of all shares up, in their order.
void CombineTables(const std::vector<std::vector<Table>>& tables, size_t result, int64_t size, float* to) {
  if (tables[0][result].sums == nullptr) {
    for (int64_t i = 0; i < size; i++) {
      double sum = 0;
      for (const auto& of_share : tables) sum += of_share[result].exact[i];
      to[i] = static_cast<float>(sum);
    }
    return;
  }
  constexpr int64_t part = 1 << 14;
  ParallelFor((size + part - 1) / part, [&](int64_t task) {
    const int64_t start = task * part;
    for (size_t share = 1; share < tables.size(); share++)
      Add(to + start, tables[share][result].sums + start, std::min(part, size - start));
  });
}

}  // namespace

void RunPlan(const Program& program, const Plan& plan, const Memory& memory) {
  const int64_t chunks = plan.Chunks();
  std::vector<std::vector<Partial>> partials(chunks, std::vector<Partial>(program.results.size()));
  const bool collects = std::any_of(program.results.begin(), program.results.end(), [](const Result& result) {
    return result.kind == Result::Kind::kCollect;
  });
  // Each share of the chunks has tables of its own, so what a thread adds up does not depend on which one it is.
  const int64_t shares = collects ? std::min<int64_t>(chunks, ThreadCount()) : chunks;
  std::vector<std::vector<Table>> tables(collects ? shares : 0);
  for (auto& of_share : tables) of_share.resize(program.results.size());
  ParallelFor(shares, [&](int64_t share) {
    std::vector<Table> none;
    std::vector<Table>& own = collects ? tables[share] : none;
    for (size_t result = 0; collects && result < program.results.size(); result++)
      if (program.results[result].kind == Result::Kind::kCollect)
        StartTable(program.results[result].shape, share, memory.results[result], &own[result]);
    const int64_t end = (share + 1) * chunks / shares;
    for (int64_t chunk = share * chunks / shares; chunk < end; chunk++)
      ChunkRun(program, plan, memory, chunk).Run(partials[chunk], own);
  });
  for (size_t result = 0; result < program.results.size(); result++) {
    const Accumulator& accumulator = plan.accumulators[result];
    if (accumulator.sum >= 0) Combine(plan, result, partials, false, memory.results[result]);
    if (accumulator.squares_of >= 0) Combine(plan, accumulator.squares_of, partials, true, memory.results[result]);
    if (program.results[result].kind == Result::Kind::kCollect)
      CombineTables(tables, result, SizeOf(program.results[result].shape), memory.results[result]);
  }
}

}  // namespace spadework

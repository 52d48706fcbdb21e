// Plans how a fused program runs on given sizes. The domain is cut into chunks, which are distributed to threads, and each chunk
// into blocks of pixels, small enough for the cache. What does not depend on the pixel is computed once for a chunk. A plan is
// the steps of a chunk, the steps of a block, and the places that they read and write.
#pragma once

#include <cstdint>
#include <vector>

#include "pointwise.h"
#include "program.h"

namespace spadework {

// Where numbers are: in the plan, in operands, in results, or in a worker's own memory.
struct Place {
  enum class Kind { kNumber, kOperand, kResult, kOwn };
  Kind kind = Kind::kNumber;
  float number = 0;
  int index = -1;              // of the operand or result
  int64_t picture_stride = 0;  // numbers from one picture to the next
  int64_t pixel_stride = 0;    // numbers from one pixel to the next
  int64_t size = 0;            // of a place of a worker's own
  int64_t offset = 0;          // where it is in the worker's memory
};

// How the pixel index leads to numbers of an operand: along each axis an index is divided, then multiplied.
struct Gather {
  struct Axis {
    int64_t size, divisor, stride;
  };
  std::vector<Axis> axes;
  int64_t picture_stride = 0;
  int operand = -1;
  int pixels = -1;   // operand with the row of each pixel, in place of axes
  int64_t rows = 0;  // rows of the table then
};

struct Step {
  enum class Kind {
    kLoop,     // to = loop(a, b, c, parameters)
    kGather,   // to = what `item`, a Gather, leads to
    kSpread,   // to = a, once for each pixel or channel that a does not have
    kSumLast,  // to = sum of a over channels
    kMaxLast,  // to = largest of a over channels
    kCopy,     // to = a
    kSquares,  // the accumulators of result `item` take a
    kPool,     // result `item` takes the means over squares of a
    kCollect   // the table of result `item` takes a
  };
  Kind kind = Kind::kLoop;
  Loop loop = nullptr;
  std::vector<float> parameters;
  int to = -1, a = -1, b = -1, c = -1;
  int item = -1;
  int64_t width = 1;       // numbers of `to` (or of a, where there is no `to`) for each pixel
  int64_t from_width = 1;  // numbers of a for each pixel, or once where a is not `per_pixel`
  bool per_pixel = true;
};

// How a sum over pixels comes together.
struct Accumulator {
  bool is_per_picture = false;
  int64_t width = 1;         // numbers it has for each pixel that it takes
  int64_t result_width = 1;  // numbers of the result, of each picture
  bool has_squares = false;
  int sum = -1;      // place of the sums of a block's numbers, or of their distances from `shift`
  int squares = -1;  // place of the sums of squared distances
  int shift = -1;
  int squares_of = -1;  // result whose accumulators know this sum too, as they sum the squares of the same values
};

struct Plan {
  int64_t pictures = 1;
  int64_t pixels = 1;  // of a picture
  int64_t channels = 1;
  int64_t block = 1;  // pixels
  int64_t chunk = 1;  // pixels
  int64_t row = 1;    // pixels of a row, for squares
  std::vector<Place> places;
  std::vector<Gather> gathers;
  std::vector<Step> chunk_steps;
  std::vector<Step> block_steps;
  std::vector<Accumulator> accumulators;  // by result
  // For each result the operands whose memory it may take, if nobody else needs them.
  std::vector<std::vector<int>> reusable;
  std::vector<int> streams;  // places that each block has a part of its own of
  int64_t workspace = 0;  // numbers

  int64_t ChunksOfPicture() const { return (pixels + chunk - 1) / chunk; }
  int64_t Chunks() const { return pictures * ChunksOfPicture(); }
};

// Plans a program whose sizes are all known.
Plan MakePlan(const Program& program, const std::vector<Shape>& operands);

}  // namespace spadework

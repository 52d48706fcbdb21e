#include "winograd.h"

#include <algorithm>
#include <type_traits>

#include "minimal-filtering.h"
#include "parallel.h"
#include "products.h"
#include "scratch.h"
#include "tensorflow.h"

namespace spadework {
namespace {

int64_t Parts(int64_t whole, int64_t part) { return (whole + part - 1) / part; }

// Pictures [N,H,W,C] as a grid of squares of `stride` by `stride` pixels, whose channels come one pixel after the other; the first
// square begins `before` pixels above and to the left of a picture.
struct Pictures {
  int64_t count, height, width, channels, stride = 1, before = 0;

  int64_t Rows() const { return Parts(height + before, stride); }
  int64_t Columns() const { return Parts(width + before, stride); }
  // Numbers of a square.
  int64_t Depth() const { return stride * stride * channels; }
  int64_t Panels() const { return Parts(Depth(), kPanel); }
  // Numbers from one row of a matrix of squares to the next: no power of two, which would be few places of the cache.
  int64_t Pitch() const { return Panels() * kPanel + kLanes; }

  bool Holds(int64_t row, int64_t column) const { return row >= 0 && row < height && column >= 0 && column < width; }
  int64_t At(int64_t picture, int64_t row, int64_t column) const {
    return ((picture * height + row) * width + column) * channels;
  }

  // Pixel `phase` of the squares, in its row and column from `top` and `left` on.
  struct Pixels {
    int64_t top, left, step;
    int64_t Row(int64_t i) const { return top + i * step; }
    int64_t Column(int64_t j) const { return left + j * step; }
  };
  Pixels From(int64_t top, int64_t left, int64_t phase) const {
    return {top * stride + phase / stride - before, left * stride + phase % stride - before, stride};
  }
};

// The tiles of all pictures in one count, each `size` by `size` squares.
struct Tiles {
  Tiles(const Pictures& pictures, int64_t size)
      : size(size),
        rows(Parts(pictures.Rows(), size)),
        columns(Parts(pictures.Columns(), size)),
        count(pictures.count * rows * columns) {}

  struct Corner {
    int64_t picture, top, left;
  };
  Corner At(int64_t tile) const {
    const int64_t of_picture = tile % (rows * columns);
    return {tile / (rows * columns), of_picture / columns * size, of_picture % columns * size};
  }

  const int64_t size, rows, columns, count;
};

// How many tiles are done together: as many as fit into the cache of one thread, which then does them alone; where channels are too
// many for that, all threads share a larger block. It depends on sizes alone, and so do results.
struct Blocks {
  Blocks(int64_t tiles, int64_t numbers_of_place) {
    constexpr int64_t own_cache = 512 << 10, shared_cache = 4 << 20, fewest = 64;
    const int64_t bytes = kPlaces * numbers_of_place * static_cast<int64_t>(sizeof(float));
    shared = own_cache / bytes < 2 * kRows;
    size = std::min(tiles, shared ? std::max(fewest, shared_cache / bytes) : own_cache / bytes);
    count = Parts(tiles, size);
  }
  bool shared;
  int64_t size, count;
};

// Does tasks with all threads, or one by one where the caller is one of them.
template <class Task>
void Do(bool parallel, int64_t count, const Task& task) {
  if (parallel) return ParallelFor(count, task);
  for (int64_t index = 0; index < count; index++) task(index);
}

// Reads From by From squares of pictures, zeros outside of them, and writes their transform: a row of numbers for each place.
template <int64_t From, bool Reduced, class Side>
void TransformTile(const Pictures& pictures, const float* from, Tiles::Corner corner, Side side, float* to,
                   int64_t place_step) {
  const auto [picture, top, left] = corner;
  // What is stored beyond the channels of one phase is overwritten by the next.
  for (int64_t phase = 0; phase < pictures.stride * pictures.stride; phase++, to += pictures.channels) {
    const Pictures::Pixels pixels = pictures.From(top, left, phase);
    const bool inside = pictures.Holds(pixels.Row(0), pixels.Column(0)) &&
                        pictures.Holds(pixels.Row(From - 1), pixels.Column(From - 1));
    for (int64_t channel = 0; channel < pictures.channels; channel += kLanes) {
      Vector tile[From * From], made[kPlaces];
      for (int64_t i = 0; i < From; i++)
        for (int64_t j = 0; j < From; j++) {
          const int64_t row = pixels.Row(i), column = pixels.Column(j);
          tile[i * From + j] =
              inside || pictures.Holds(row, column)
                  ? Rounded<Reduced>(
                        Load(from + pictures.At(picture, row, column) + channel, pictures.channels - channel))
                  : Vector{};
        }
      BothSides<From, kSeen>(tile, made, side);
      for (int64_t place = 0; place < kPlaces; place++) Store(to + place * place_step + channel, made[place]);
    }
  }
}

// A convolution y[n,i,j,o] = sum of x[n, i s + u - pad, j s + v - pad, c] filter[u,v,c,o] at stride s with a filter of
// s Taps x s Taps: one of Taps x Taps at stride 1 over squares of s x s pixels. Where `Reduced`, operands and results are rounded to
// bfloat16, and all between them is not.
template <int64_t Taps, bool Reduced>
class Filtering {
 public:
  // Of the convolution, or of its cotangent for its input, `turned`: then x is the cotangent of its result, and y that of its input.
  Filtering(Pictures x, Pictures y, int64_t stride, int64_t pad, bool turned)
      : x_(Squares(x, turned ? 1 : stride, turned ? Taps - 1 - pad / stride : pad)),
        y_(turned ? Squares(y, stride, pad % stride) : y),
        stride_(stride),
        turned_(turned),
        tiles_(y_, kTile),
        blocks_(tiles_.count, x_.Pitch() + y_.Pitch()) {
    Require(stride == 1 || (turned ? y : x).channels % kFilterRows == 0, "squares have a multiple of 16 channels");
  }

  // Computes y from x and the filter.
  void Convolve(const float* x, const float* filter, float* y) const {
    const int64_t panels = y_.Panels(), depth = x_.Depth(), panel_size = depth * kPanel;
    // Where all tiles are one block, each panel of the filter is transformed where it is used, and leaves no cache.
    const bool at_once = blocks_.shared && blocks_.count == 1;
    const Scratch filters(at_once ? 0 : kPlaces * panels * panel_size);
    if (!at_once)
      ParallelFor(panels * Parts(depth, kFilterRows), [&](int64_t task) {
        const int64_t panel = task % panels, first = task / panels * kFilterRows;
        TransformFilter(filter, panel, first, std::min(kFilterRows, depth - first),
                        filters.get() + panel * panel_size + first * kPanel, panels * panel_size);
      });
    Do(!blocks_.shared, blocks_.count, [&](int64_t block) {
      const int64_t first = block * blocks_.size, count = std::min(blocks_.size, tiles_.count - first);
      const int64_t seen_step = count * x_.Pitch(), product_step = count * y_.Pitch();
      const Scratch seen(kPlaces * seen_step), products(kPlaces * product_step);
      Do(blocks_.shared, count, [&](int64_t tile) {
        TransformTile<kSeen, Reduced>(x_, x, tiles_.At(first + tile), TransformInput, seen.get() + tile * x_.Pitch(),
                                      seen_step);
      });
      if (at_once)
        ParallelFor(panels, [&](int64_t panel) {
          MultiplyByPanel(filter, panel, count, seen.get(), products.get() + panel * kPanel);
        });
      else
        Do(blocks_.shared, kPlaces * panels, [&](int64_t task) {
          const int64_t place = task / panels, panel = task % panels;
          Multiply<false>(count, seen.get() + place * seen_step, {x_.Pitch(), 1}, filters.get() + task * panel_size,
                          kPanel, depth, products.get() + place * product_step + panel * kPanel, y_.Pitch());
        });
      Do(blocks_.shared, count, [&](int64_t tile) {
        WriteTile(tiles_.At(first + tile), products.get() + tile * y_.Pitch(), product_step, y);
      });
    });
  }

  // Computes the cotangent of the filter [u,v,c,o] from x and the cotangent of y.
  void FilterGrad(const float* x, const float* dy, float* filter) const {
    constexpr int64_t most_parts = 8, rows = 4 * kRows;
    const int64_t panels = y_.Panels(), pitch = panels * kPanel;
    const int64_t depth = x_.Depth(), place_size = depth * pitch, size = kPlaces * place_size;
    // Within a part blocks are added up in their order, and then the parts are.
    const int64_t parts = blocks_.shared ? 1 : std::min(blocks_.count, most_parts);
    // Where all tiles are one block, sums are turned into the filter where they are made, and leave no cache.
    const bool at_once = blocks_.shared && blocks_.count == 1;
    const Scratch sums(at_once ? 0 : parts * size);
    Do(!blocks_.shared, parts, [&](int64_t part) {
      const int64_t start = blocks_.count * part / parts, end = blocks_.count * (part + 1) / parts;
      const Scratch seen(kPlaces * blocks_.size * x_.Pitch()), given(kPlaces * blocks_.size * y_.Pitch());
      for (int64_t block = start; block < end; block++) {
        const int64_t first = block * blocks_.size, count = std::min(blocks_.size, tiles_.count - first);
        const int64_t seen_step = count * x_.Pitch(), given_step = count * y_.Pitch();
        Do(blocks_.shared, count, [&](int64_t tile) {
          const Tiles::Corner corner = tiles_.At(first + tile);
          TransformTile<kSeen, Reduced>(x_, x, corner, TransformInput, seen.get() + tile * x_.Pitch(), seen_step);
          TransformTile<kTile, Reduced>(y_, dy, corner, Evaluate<kTile>, given.get() + tile * y_.Pitch(), given_step);
        });
        if (at_once)
          ParallelFor(panels * Parts(depth, rows), [&](int64_t task) {
            const int64_t panel = task % panels, number = task / panels * rows;
            const int64_t height = std::min(rows, depth - number);
            const Scratch square(kPlaces * rows * kPanel);
            for (int64_t place = 0; place < kPlaces; place++)
              Multiply<false>(height, seen.get() + place * seen_step + number, {1, x_.Pitch()},
                              given.get() + place * given_step + panel * kPanel, y_.Pitch(), count,
                              square.get() + place * rows * kPanel, kPanel);
            for (int64_t row = 0; row < height; row++)
              WriteTaps(square.get() + row * kPanel, rows * kPanel, 1, 0, number + row, panel * kPanel,
                        std::min(y_.channels, (panel + 1) * kPanel), filter);
          });
        else
          Do(blocks_.shared, kPlaces * panels, [&](int64_t task) {
            const int64_t place = task / panels, panel = task % panels;
            const auto multiply = block == start ? Multiply<false> : Multiply<true>;
            multiply(depth, seen.get() + place * seen_step, {1, x_.Pitch()},
                     given.get() + place * given_step + panel * kPanel, y_.Pitch(), count,
                     sums.get() + part * size + place * place_size + panel * kPanel, pitch);
          });
      }
    });
    if (!at_once)
      ParallelFor(depth, [&](int64_t number) {
        WriteTaps(sums.get() + number * pitch, place_size, parts, size, number, 0, y_.channels, filter);
      });
  }

 private:
  static constexpr int64_t kTile = kSeen + 1 - Taps, kTaps = Taps * Taps;

  // Numbers of squares of x that a filter is transformed for at a time, and how many before they are its memory is asked for: taps
  // lie far apart. Pixels of squares have a multiple of as many channels.
  static constexpr int64_t kFilterRows = 16, kFilterAhead = 8;

  static Pictures Squares(Pictures pictures, int64_t stride, int64_t before) {
    pictures.stride = stride;
    pictures.before = before;
    return pictures;
  }

  // Where the filter of [s Taps, s Taps, channels] begins for a number of squares of these channels, at one of Taps x Taps places.
  int64_t FilterAt(int64_t number, int64_t channels, int64_t tap) const {
    const int64_t phase = number / channels, u = tap / Taps * stride_ + phase / stride_,
                  v = tap % Taps * stride_ + phase % stride_;
    return (u * stride_ * Taps + v) * channels + number % channels;
  }

  // Transforms a panel of the filter for at most kFilterRows numbers of squares of x from `first` on: for each place, rows of the panel.
  void TransformFilter(const float* filter, int64_t panel, int64_t first, int64_t rows, float* to,
                       int64_t place_step) const {
    for (int64_t lane = 0; lane < kPanel; lane += kLanes) {
      const int64_t out = panel * kPanel + lane, count = y_.Depth() - out;
      Vector turned_taps[kTaps][kFilterRows];
      const float* begins[kTaps];
      for (int64_t tap = 0; tap < kTaps; tap++) {
        if (!turned_) begins[tap] = filter + FilterAt(first, x_.channels, tap) * y_.channels + out;
        else
          for (int64_t row = 0; row < rows; row += kLanes)
            LoadTurned(filter + FilterAt(out, y_.channels, kTaps - 1 - tap) * x_.channels + first + row, x_.channels,
                       count, rows - row, turned_taps[tap] + row);
      }
      const auto load = [&](int64_t tap, int64_t row) {
        if (turned_) return turned_taps[tap][row];
        const float* from = begins[tap] + row * y_.channels;
        __builtin_prefetch(from + kFilterAhead * y_.channels);
        return Load(from, count);
      };
      for (int64_t row = 0; row < rows; row++) {
        Vector taps[kTaps], made[kPlaces];
        for (int64_t tap = 0; tap < kTaps; tap++) taps[tap] = Rounded<Reduced>(load(tap, row));
        BothSides<Taps, kSeen>(taps, made, Evaluate<Taps>);
        for (int64_t place = 0; place < kPlaces; place++)
          Store(to + place * place_step + row * kPanel + lane, made[place]);
      }
    }
  }

  // Multiplies all tiles by a panel of the filter, which is transformed for some numbers of squares at a time.
  void MultiplyByPanel(const float* filter, int64_t panel, int64_t tiles, const float* seen,
                       float* products) const {
    // No power of two from place to place, which would be few places of the cache.
    constexpr int64_t rows = 8 * kFilterRows, place_step = rows * kPanel + kLanes;
    const Scratch made(kPlaces * place_step);
    for (int64_t first = 0; first < x_.Depth(); first += rows) {
      const int64_t depth = std::min(rows, x_.Depth() - first);
      for (int64_t row = 0; row < depth; row += kFilterRows)
        TransformFilter(filter, panel, first + row, std::min(kFilterRows, depth - row),
                        made.get() + row * kPanel, place_step);
      const auto multiply = first == 0 ? Multiply<false> : Multiply<true>;
      for (int64_t place = 0; place < kPlaces; place++)
        multiply(tiles, seen + place * tiles * x_.Pitch() + first, {x_.Pitch(), 1}, made.get() + place * place_step,
                 kPanel, depth, products + place * tiles * y_.Pitch(), y_.Pitch());
    }
  }

  // Writes the taps of a number of squares of x for the channels [first, last) of y, from the sums of `parts` at each place.
  void WriteTaps(const float* sums, int64_t place_step, int64_t parts, int64_t part_step, int64_t number,
                 int64_t first, int64_t last, float* filter) const {
    for (int64_t out = first; out < last; out += kLanes) {
      Vector square[kPlaces], made[kTaps];
      for (int64_t place = 0; place < kPlaces; place++) {
        const float* sum = sums + place * place_step + out - first;
        square[place] = Load(sum);
        for (int64_t part = 1; part < parts; part++) square[place] += Load(sum + part * part_step);
      }
      BothSides<kSeen, Taps>(square, made, Collect<Taps>);
      for (int64_t tap = 0; tap < kTaps; tap++)
        Store(filter + FilterAt(number, x_.channels, tap) * y_.channels + out, Rounded<Reduced>(made[tap]), last - out);
    }
  }

  // Writes what of a tile is inside of the picture.
  void WriteTile(Tiles::Corner corner, const float* from, int64_t place_step, float* y) const {
    const auto [picture, top, left] = corner;
    for (int64_t phase = 0; phase < y_.stride * y_.stride; phase++, from += y_.channels) {
      const Pictures::Pixels pixels = y_.From(top, left, phase);
      for (int64_t channel = 0; channel < y_.channels; channel += kLanes) {
        Vector tile[kPlaces], made[kTile * kTile];
        for (int64_t place = 0; place < kPlaces; place++) tile[place] = Load(from + place * place_step + channel);
        BothSides<kSeen, kTile>(tile, made, Collect<kTile>);
        for (int64_t i = 0; i < kTile; i++)
          for (int64_t j = 0; j < kTile; j++)
            if (y_.Holds(pixels.Row(i), pixels.Column(j)))
              Store(y + y_.At(picture, pixels.Row(i), pixels.Column(j)) + channel,
                    Rounded<Reduced>(made[i * kTile + j]), y_.channels - channel);
      }
    }
  }

  const Pictures x_, y_;
  const int64_t stride_;
  const bool turned_;
  const Tiles tiles_;
  const Blocks blocks_;
};

// Calls `use` with the filtering for filters of 3x3 or 4x4 at stride 1, or of 4x4 at stride 2.
template <class Use>
void WithFiltering(int64_t size, int64_t stride, int64_t pad, bool turned, bool reduced, const Pictures& x,
                   const Pictures& y, const Use& use) {
  const auto with = [&](auto is_reduced) {
    constexpr bool kReduced = decltype(is_reduced)::value;
    if (stride == 1 && size == 3) return use(Filtering<3, kReduced>(x, y, stride, pad, turned));
    if (stride == 1 && size == 4) return use(Filtering<4, kReduced>(x, y, stride, pad, turned));
    Require(stride == 2 && size == 4, "filters are 3x3 or 4x4 at stride 1, or 4x4 at stride 2");
    use(Filtering<2, kReduced>(x, y, stride, pad, turned));
  };
  if (reduced) with(std::true_type());
  else with(std::false_type());
}

Pictures PicturesOf(const Shape& shape) { return {shape[0], shape[1], shape[2], shape[3]}; }

// x [N,H,W,C], filter [k,k,C,O] or, turned, [k,k,O,C] -> [N,height,width,O].
class Convolve {
 public:
  explicit Convolve(const Construction& node)
      : stride_(node.Integer("stride")),
        pad_(node.Integer("pad")),
        height_(node.Integer("height")),
        width_(node.Integer("width")),
        turned_(node.Flag("turned")),
        reduced_(node.Flag("reduced")) {}

  void Compute(Call& call) const {
    const Shape filter = call.InputShape(1);
    const Pictures x = PicturesOf(call.InputShape(0));
    const Pictures y = {x.count, height_, width_, filter[turned_ ? 2 : 3]};
    const float *from = call.Read<float>(0), *weights = call.Read<float>(1);
    float* to = call.Write(0, {y.count, y.height, y.width, y.channels});
    WithFiltering(filter[0], stride_, pad_, turned_, reduced_, x, y,
                  [&](const auto& filtering) { filtering.Convolve(from, weights, to); });
  }

 private:
  const int64_t stride_, pad_, height_, width_;
  const bool turned_, reduced_;
};

// x [N,H,W,C], dy [N,H',W',O] -> [size,size,C,O].
class ConvolveFilterGrad {
 public:
  explicit ConvolveFilterGrad(const Construction& node)
      : stride_(node.Integer("stride")),
        pad_(node.Integer("pad")),
        size_(node.Integer("size")),
        reduced_(node.Flag("reduced")) {}

  void Compute(Call& call) const {
    const Pictures x = PicturesOf(call.InputShape(0)), y = PicturesOf(call.InputShape(1));
    const float *from = call.Read<float>(0), *dy = call.Read<float>(1);
    float* to = call.Write(0, {size_, size_, x.channels, y.channels});
    WithFiltering(size_, stride_, pad_, false, reduced_, x, y,
                  [&](const auto& filtering) { filtering.FilterGrad(from, dy, to); });
  }

 private:
  const int64_t stride_, pad_, size_;
  const bool reduced_;
};

}  // namespace

void RegisterWinogradOps() {
  RegisterKernel<Convolve>(
      {"SpadeworkConvolve",
       {"stride: int", "pad: int", "height: int", "width: int", "turned: bool", "reduced: bool"},
       {"x: float", "filter: float"},
       {"y: float"}});
  RegisterKernel<ConvolveFilterGrad>({"SpadeworkConvolveFilterGrad",
                                      {"stride: int", "pad: int", "size: int", "reduced: bool"},
                                      {"x: float", "dy: float"},
                                      {"filter: float"}});
}

}  // namespace spadework

#include "winograd.h"

#include <algorithm>
#include <cstring>

#include "minimal-filtering.h"
#include "parallel.h"
#include "products.h"
#include "scratch.h"
#include "tensorflow.h"

namespace spadework {
namespace {

int64_t Parts(int64_t whole, int64_t part) { return (whole + part - 1) / part; }

// Pictures [N,H,W,C].
struct Pictures {
  int64_t count, height, width, channels;

  bool Holds(int64_t row, int64_t column) const { return row >= 0 && row < height && column >= 0 && column < width; }
  int64_t At(int64_t picture, int64_t row, int64_t column) const {
    return ((picture * height + row) * width + column) * channels;
  }
  int64_t Panels() const { return Parts(channels, kPanel); }
  // Numbers from one row of a matrix of channels to the next: no power of two, which would be few places of the cache.
  int64_t Pitch() const { return Panels() * kPanel + kLanes; }
};

// The tiles of all pictures in one count.
struct Tiles {
  Tiles(const Pictures& pictures, int64_t size)
      : size(size),
        rows(Parts(pictures.height, size)),
        columns(Parts(pictures.width, size)),
        count(pictures.count * rows * columns) {}

  struct Corner {
    int64_t picture, top, left;
  };
  Corner At(int64_t tile, int64_t pad = 0) const {
    const int64_t of_picture = tile % (rows * columns);
    return {tile / (rows * columns), of_picture / columns * size - pad, of_picture % columns * size - pad};
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

// Reads a square of pictures, zeros outside of them, and writes its transform: a row of channels for each place.
template <int64_t From, bool Reduced, class Side>
void TransformSquare(const Pictures& pictures, const float* from, Tiles::Corner corner, Side side, float* to,
                     int64_t place_step) {
  const auto [picture, top, left] = corner;
  const bool inside = pictures.Holds(top, left) && pictures.Holds(top + From - 1, left + From - 1);
  for (int64_t channel = 0; channel < pictures.channels; channel += kLanes) {
    Vector square[From * From], made[kPlaces];
    for (int64_t i = 0; i < From; i++)
      for (int64_t j = 0; j < From; j++)
        square[i * From + j] =
            inside || pictures.Holds(top + i, left + j)
                ? Rounded<Reduced>(
                      Load(from + pictures.At(picture, top + i, left + j) + channel, pictures.channels - channel))
                : Vector{};
    BothSides<From, kSeen>(square, made, side);
    for (int64_t place = 0; place < kPlaces; place++) Store(to + place * place_step + channel, made[place]);
  }
}

// A convolution y[n,i,j,o] = sum of x[n, i + u - pad, j + v - pad, c] filter[u,v,c,o] with a filter of Taps x Taps. Where `Reduced`,
// operands and results are rounded to bfloat16, and all between them is not.
template <int64_t Taps, bool Reduced>
class Filtering {
 public:
  Filtering(const Pictures& x, const Pictures& y, int64_t pad)
      : x_(x), y_(y), pad_(pad), tiles_(y, kTile), blocks_(tiles_.count, x.Pitch() + y.Pitch()) {}

  // Computes y. Where it is the cotangent of such a convolution for its input, `turned`, the filter is [u,v,o,c], turned around.
  void Convolve(const float* x, const float* filter, bool turned, float* y) const {
    const int64_t panels = y_.Panels(), panel_size = x_.channels * kPanel;
    // Where all tiles are one block, each panel of the filter is transformed where it is used, and leaves no cache.
    const bool at_once = blocks_.shared && blocks_.count == 1;
    const Scratch filters(at_once ? 0 : kPlaces * panels * panel_size);
    if (!at_once)
      ParallelFor(panels * Parts(x_.channels, kFilterRows), [&](int64_t task) {
        const int64_t panel = task % panels, first = task / panels * kFilterRows;
        TransformFilter(filter, turned, panel, first, std::min(kFilterRows, x_.channels - first),
                        filters.get() + panel * panel_size + first * kPanel, panels * panel_size);
      });
    Do(!blocks_.shared, blocks_.count, [&](int64_t block) {
      const int64_t first = block * blocks_.size, count = std::min(blocks_.size, tiles_.count - first);
      const int64_t seen_step = count * x_.Pitch(), product_step = count * y_.Pitch();
      const Scratch seen(kPlaces * seen_step), products(kPlaces * product_step);
      Do(blocks_.shared, count, [&](int64_t tile) {
        TransformSquare<kSeen, Reduced>(x_, x, tiles_.At(first + tile, pad_), TransformInput, seen.get() + tile * x_.Pitch(),
                               seen_step);
      });
      if (at_once)
        ParallelFor(panels, [&](int64_t panel) {
          MultiplyByPanel(filter, turned, panel, count, seen.get(), products.get() + panel * kPanel);
        });
      else
        Do(blocks_.shared, kPlaces * panels, [&](int64_t task) {
          const int64_t place = task / panels, panel = task % panels;
          Multiply<false>(count, seen.get() + place * seen_step, {x_.Pitch(), 1}, filters.get() + task * panel_size,
                          kPanel, x_.channels, products.get() + place * product_step + panel * kPanel, y_.Pitch());
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
    const int64_t place_size = x_.channels * pitch, size = kPlaces * place_size;
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
          TransformSquare<kSeen, Reduced>(x_, x, tiles_.At(first + tile, pad_), TransformInput, seen.get() + tile * x_.Pitch(),
                                 seen_step);
          TransformSquare<kTile, Reduced>(y_, dy, tiles_.At(first + tile), Evaluate<kTile>,
                                 given.get() + tile * y_.Pitch(), given_step);
        });
        if (at_once)
          ParallelFor(panels * Parts(x_.channels, rows), [&](int64_t task) {
            const int64_t panel = task % panels, channel = task / panels * rows;
            const int64_t height = std::min(rows, x_.channels - channel);
            const Scratch square(kPlaces * rows * kPanel);
            for (int64_t place = 0; place < kPlaces; place++)
              Multiply<false>(height, seen.get() + place * seen_step + channel, {1, x_.Pitch()},
                              given.get() + place * given_step + panel * kPanel, y_.Pitch(), count,
                              square.get() + place * rows * kPanel, kPanel);
            for (int64_t row = 0; row < height; row++)
              WriteTaps(square.get() + row * kPanel, rows * kPanel, 1, 0, channel + row, panel * kPanel,
                        std::min(y_.channels, (panel + 1) * kPanel), filter);
          });
        else
          Do(blocks_.shared, kPlaces * panels, [&](int64_t task) {
            const int64_t place = task / panels, panel = task % panels;
            const auto multiply = block == start ? Multiply<false> : Multiply<true>;
            multiply(x_.channels, seen.get() + place * seen_step, {1, x_.Pitch()},
                     given.get() + place * given_step + panel * kPanel, y_.Pitch(), count,
                     sums.get() + part * size + place * place_size + panel * kPanel, pitch);
          });
      }
    });
    if (!at_once)
      ParallelFor(x_.channels, [&](int64_t channel) {
        WriteTaps(sums.get() + channel * pitch, place_size, parts, size, channel, 0, y_.channels, filter);
      });
  }

 private:
  static constexpr int64_t kTile = kSeen + 1 - Taps, kTaps = Taps * Taps;

  // Channels of x that a filter is transformed for at a time, and how many before they are its memory is asked for: taps lie far apart.
  static constexpr int64_t kFilterRows = 16, kFilterAhead = 8;

  // Transforms a panel of the filter for at most kFilterRows channels of x from `first` on: for each place, rows of the panel.
  void TransformFilter(const float* filter, bool turned, int64_t panel, int64_t first, int64_t rows, float* to,
                       int64_t place_step) const {
    for (int64_t lane = 0; lane < kPanel; lane += kLanes) {
      const int64_t out = panel * kPanel + lane, count = y_.channels - out;
      Vector turned_taps[kTaps][kFilterRows];
      if (turned)
        for (int64_t tap = 0; tap < kTaps; tap++)
          for (int64_t row = 0; row < rows; row += kLanes)
            LoadTurned(filter + ((kTaps - 1 - tap) * y_.channels + out) * x_.channels + first + row, x_.channels,
                       count, rows - row, turned_taps[tap] + row);
      for (int64_t row = 0; row < rows; row++) {
        Vector square[kTaps], made[kPlaces];
        for (int64_t tap = 0; tap < kTaps; tap++) {
          if (turned) {
            square[tap] = turned_taps[tap][row];
          } else {
            const float* from = filter + (tap * x_.channels + first + row) * y_.channels + out;
            __builtin_prefetch(from + kFilterAhead * y_.channels);
            square[tap] = Load(from, count);
          }
          square[tap] = Rounded<Reduced>(square[tap]);
        }
        BothSides<Taps, kSeen>(square, made, Evaluate<Taps>);
        for (int64_t place = 0; place < kPlaces; place++)
          Store(to + place * place_step + row * kPanel + lane, made[place]);
      }
    }
  }

  // Multiplies all tiles by a panel of the filter, which is transformed for some channels at a time.
  void MultiplyByPanel(const float* filter, bool turned, int64_t panel, int64_t tiles, const float* seen,
                       float* products) const {
    // No power of two from place to place, which would be few places of the cache.
    constexpr int64_t rows = 8 * kFilterRows, place_step = rows * kPanel + kLanes;
    const Scratch made(kPlaces * place_step);
    for (int64_t first = 0; first < x_.channels; first += rows) {
      const int64_t depth = std::min(rows, x_.channels - first);
      for (int64_t row = 0; row < depth; row += kFilterRows)
        TransformFilter(filter, turned, panel, first + row, std::min(kFilterRows, depth - row),
                        made.get() + row * kPanel, place_step);
      const auto multiply = first == 0 ? Multiply<false> : Multiply<true>;
      for (int64_t place = 0; place < kPlaces; place++)
        multiply(tiles, seen + place * tiles * x_.Pitch() + first, {x_.Pitch(), 1}, made.get() + place * place_step,
                 kPanel, depth, products + place * tiles * y_.Pitch(), y_.Pitch());
    }
  }

  // Writes a channel's taps for the channels [first, last) of y, from the sums of `parts` at each place.
  void WriteTaps(const float* sums, int64_t place_step, int64_t parts, int64_t part_step, int64_t channel,
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
        Store(filter + (tap * x_.channels + channel) * y_.channels + out, Rounded<Reduced>(made[tap]), last - out);
    }
  }

  // Writes what of a tile is inside of the picture.
  void WriteTile(Tiles::Corner corner, const float* from, int64_t place_step, float* y) const {
    const auto [picture, top, left] = corner;
    for (int64_t channel = 0; channel < y_.channels; channel += kLanes) {
      Vector square[kPlaces], made[kTile * kTile];
      for (int64_t place = 0; place < kPlaces; place++) square[place] = Load(from + place * place_step + channel);
      BothSides<kSeen, kTile>(square, made, Collect<kTile>);
      for (int64_t i = 0; i < kTile; i++)
        for (int64_t j = 0; j < kTile; j++)
          if (y_.Holds(top + i, left + j))
            Store(y + y_.At(picture, top + i, left + j) + channel, Rounded<Reduced>(made[i * kTile + j]),
                  y_.channels - channel);
    }
  }

  const Pictures x_, y_;
  const int64_t pad_;
  const Tiles tiles_;
  const Blocks blocks_;
};

// Calls `use` with the filtering for filters of 3x3 or 4x4.
template <class Use>
void WithFiltering(int64_t taps, bool reduced, const Pictures& x, const Pictures& y, int64_t pad, const Use& use) {
  Require(taps == 3 || taps == 4, "filters are 3x3 or 4x4");
  if (taps == 3 && reduced) use(Filtering<3, true>(x, y, pad));
  else if (taps == 3) use(Filtering<3, false>(x, y, pad));
  else if (reduced) use(Filtering<4, true>(x, y, pad));
  else use(Filtering<4, false>(x, y, pad));
}

Pictures PicturesOf(const Shape& shape) { return {shape[0], shape[1], shape[2], shape[3]}; }

// x [N,H,W,C], filter [k,k,C,O] or, turned, [k,k,O,C] -> [N,height,width,O].
class Convolve {
 public:
  explicit Convolve(const Construction& node)
      : pad_(node.Integer("pad")),
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
    WithFiltering(filter[0], reduced_, x, y, pad_,
                  [&](const auto& filtering) { filtering.Convolve(from, weights, turned_, to); });
  }

 private:
  const int64_t pad_, height_, width_;
  const bool turned_, reduced_;
};

// x [N,H,W,C], dy [N,H',W',O] -> [taps,taps,C,O].
class ConvolveFilterGrad {
 public:
  explicit ConvolveFilterGrad(const Construction& node) : pad_(node.Integer("pad")), taps_(node.Integer("taps")), reduced_(node.Flag("reduced")) {}

  void Compute(Call& call) const {
    const Pictures x = PicturesOf(call.InputShape(0)), y = PicturesOf(call.InputShape(1));
    const float *from = call.Read<float>(0), *dy = call.Read<float>(1);
    float* to = call.Write(0, {taps_, taps_, x.channels, y.channels});
    WithFiltering(taps_, reduced_, x, y, pad_, [&](const auto& filtering) { filtering.FilterGrad(from, dy, to); });
  }

 private:
  const int64_t pad_, taps_;
  const bool reduced_;
};

}  // namespace

void RegisterWinogradOps() {
  RegisterKernel<Convolve>({"SpadeworkConvolve",
                            {"pad: int", "height: int", "width: int", "turned: bool", "reduced: bool"},
                            {"x: float", "filter: float"},
                            {"y: float"}});
  RegisterKernel<ConvolveFilterGrad>({"SpadeworkConvolveFilterGrad",
                                      {"pad: int", "taps: int", "reduced: bool"},
                                      {"x: float", "dy: float"},
                                      {"filter: float"}});
}

}  // namespace spadework

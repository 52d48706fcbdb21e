// Winograd's minimal filtering of one tile: the transforms of inputs, filters and results, and of their cotangents.
#pragma once

#include <cstdint>
#include <cstring>
#include <utility>

namespace spadework {

// F(m x m, r x r) of Lavin and Gray (2016), "Fast Algorithms for Convolutional Neural Networks", section 4: a tile of m x m results
// is A^T ((G w G^T) * (B^T d B)) A, of a filter w and of what it sees of x, d. Polynomials are evaluated at the points 0, p, -p, q, -q
// and infinity, so that m + r - 1 = 6 and B is the same for all r: five by five results of filters of 2x2, four by four of 3x3, three
// by three of 4x4. With p and q on both sides of 1 rounding errors are half of those at 1 and 2. The factors that belong to each point
// are part of B here, where they cost less than in G; G is what A is then, for as many coefficients as there are taps.
constexpr int64_t kSeen = 6, kPlaces = kSeen * kSeen;
constexpr float kP = 0.70710678f, kQ = 1.41421356f, kP2 = 0.5f, kQ2 = 2.0f;

// The widest vectors of the processor.
#if defined(__AVX512F__)
constexpr int64_t kLanes = 16;
#elif defined(__AVX__)
constexpr int64_t kLanes = 8;
#else
constexpr int64_t kLanes = 4;
#endif
typedef float Vector __attribute__((vector_size(kLanes * sizeof(float))));

inline Vector Load(const float* from) {
  Vector value;
  std::memcpy(&value, from, sizeof(value));
  return value;
}
inline void Store(float* to, Vector value) { std::memcpy(to, &value, sizeof(value)); }

// The same for the last numbers of a row, `count` of which are left, or none.
inline Vector Load(const float* from, int64_t count) {
  if (count >= kLanes) return Load(from);
  Vector value = {};
  if (count > 0) std::memcpy(&value, from, count * sizeof(float));
  return value;
}
inline void Store(float* to, Vector value, int64_t count) {
  if (count >= kLanes) return Store(to, value);
  std::memcpy(to, &value, count * sizeof(float));
}

// Of two vectors: for each group of 2 `Step` lanes, the lower `Step` lanes of both, or the upper ones.
template <int64_t Step, bool Upper, int64_t... Lane>
inline Vector Halves(Vector a, Vector b, std::integer_sequence<int64_t, Lane...>) {
  constexpr int64_t in_a = Upper ? Step : 0, in_b = Upper ? 0 : -Step;
  return Vector{(Lane & Step ? b[(Lane + in_b) % kLanes] : a[(Lane + in_a) % kLanes])...};
}

// Turns a square of numbers over: exchanges ever larger blocks off its diagonal.
template <int64_t Step = 1>
inline void TurnOver(Vector* square) {
  constexpr auto lanes = std::make_integer_sequence<int64_t, kLanes>();
  for (int64_t row = 0; row < kLanes; row++) {
    if (row & Step) continue;
    const Vector a = square[row], b = square[row + Step];
    square[row] = Halves<Step, false>(a, b, lanes);
    square[row + Step] = Halves<Step, true>(a, b, lanes);
  }
  if constexpr (2 * Step < kLanes) TurnOver<2 * Step>(square);
}

// Reads a square of numbers turned over, of rows that lie `step` apart: of `rows` of them, and of `count` numbers of each.
inline void LoadTurned(const float* from, int64_t step, int64_t rows, int64_t count, Vector* to) {
  for (int64_t row = 0; row < kLanes; row++) to[row] = row < rows ? Load(from + row * step, count) : Vector{};
  TurnOver(to);
}

// Rounds to the 8 binary digits of bfloat16, to even where two are equally near, where `Reduced`.
template <bool Reduced>
inline Vector Rounded(Vector value) {
  if constexpr (!Reduced) return value;
  typedef uint32_t Bits __attribute__((vector_size(sizeof(Vector))));
  Bits bits;
  std::memcpy(&bits, &value, sizeof(bits));
  bits = (bits + 0x7fff + ((bits >> 16) & 1)) & 0xffff0000;
  std::memcpy(&value, &bits, sizeof(value));
  return value;
}

// Factors of the points 0, p and -p, q and -q.
constexpr float kAtZero = 1 / (kP2 * kQ2), kAtP = 1 / (2 * kP2 * (kP2 - kQ2)), kAtQ = 1 / (2 * kQ2 * (kQ2 - kP2));

// Multiplies 6 values by B^T; here and below, values lie `step` apart.
inline void TransformInput(const Vector* in, int64_t step, Vector* out) {
  const Vector d0 = in[0], d1 = in[step], d2 = in[2 * step], d3 = in[3 * step], d4 = in[4 * step], d5 = in[5 * step];
  const Vector even = kAtP * d4 - kAtP * kQ2 * d2, odd = kAtP * kP * (d3 - kQ2 * d1);
  const Vector even2 = kAtQ * d4 - kAtQ * kP2 * d2, odd2 = kAtQ * kQ * (d3 - kP2 * d1);
  out[0] = d0 - kAtZero * (kP2 + kQ2) * d2 + kAtZero * d4;
  out[1] = even + odd;
  out[2] = even - odd;
  out[3] = even2 + odd2;
  out[4] = even2 - odd2;
  out[5] = kP2 * kQ2 * d1 - (kP2 + kQ2) * d3 + d5;
}

// Multiplies `Count` values by G, or by A: values of a polynomial of these coefficients at all points, by its even and odd powers.
template <int64_t Count>
inline void Evaluate(const Vector* in, int64_t step, Vector* out) {
  Vector even = in[0], odd = kP * in[step], even2 = in[0], odd2 = kQ * in[step];
  if constexpr (Count > 2) even += kP2 * in[2 * step], even2 += kQ2 * in[2 * step];
  if constexpr (Count > 3) odd += kP * kP2 * in[3 * step], odd2 += kQ * kQ2 * in[3 * step];
  if constexpr (Count > 4) even += kP2 * kP2 * in[4 * step], even2 += kQ2 * kQ2 * in[4 * step];
  out[0] = in[0];
  out[1] = even + odd;
  out[2] = even - odd;
  out[3] = even2 + odd2;
  out[4] = even2 - odd2;
  out[5] = in[(Count - 1) * step];
}

// Multiplies 6 values by G^T, or by A^T.
template <int64_t Count>
inline void Collect(const Vector* in, int64_t step, Vector* out) {
  const Vector even = in[step] + in[2 * step], odd = in[step] - in[2 * step];
  const Vector even2 = in[3 * step] + in[4 * step], odd2 = in[3 * step] - in[4 * step];
  out[0] = in[0] + even + even2;
  out[1] = kP * odd + kQ * odd2;
  if constexpr (Count > 2) out[2] = kP2 * even + kQ2 * even2;
  if constexpr (Count > 3) out[3] = kP * kP2 * odd + kQ * kQ2 * odd2;
  if constexpr (Count > 4) out[4] = kP2 * kP2 * even + kQ2 * kQ2 * even2;
  out[Count - 1] += in[5 * step];
}

// Applies a transform of From values to To along both sides of a square.
template <int64_t From, int64_t To, class Side>
inline void BothSides(const Vector* in, Vector* out, Side side) {
  Vector half[From * To];  // turned over
  for (int64_t column = 0; column < From; column++) side(in + column, From, half + column * To);
  for (int64_t row = 0; row < To; row++) side(half + row, To, out + row * To);
}

}  // namespace spadework

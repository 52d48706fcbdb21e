#include "pointwise.h"

#include <array>
#include <cmath>
#include <cstring>
#include <limits>
#include <stdexcept>
#include <unordered_map>

// Iterations do not depend on each other, though `to` may be an operand.
#if defined(__clang__)
#define SPADEWORK_INDEPENDENT _Pragma("clang loop vectorize(assume_safety)")
#else
#define SPADEWORK_INDEPENDENT _Pragma("GCC ivdep")
#endif

namespace spadework {
namespace {

inline int32_t BitsOf(float value) {
  int32_t bits;
  std::memcpy(&bits, &value, sizeof bits);
  return bits;
}

inline float FromBits(int32_t bits) {
  float value;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

// 2 to the power of an integer from -126 to 127.
inline float PowerOfTwo(int32_t exponent) { return FromBits((exponent + 127) << 23); }

// e^x = 2^n e^r with |r| <= ln(2) / 2, where e^r is a polynomial; as libraries of special functions do it. Comparisons are
// written so that what is not a number stays that.
inline float Exponential(float x) {
  constexpr float highest = 88.73f, lowest = -104.0f;
  x = x > highest ? highest : x;
  x = x < lowest ? lowest : x;
  constexpr float to_integer = 12582912.0f;  // 1.5 * 2^23: adding it rounds to an integer
  const float n = (x * 1.44269504f + to_integer) - to_integer;
  const float r = (x - n * 0.693359375f) + n * 2.12194440e-4f;
  float p = 1.9875691500e-4f;
  p = p * r + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  const float power = (p * r * r + r) + 1.0f;
  // In two factors, so that the largest and the smallest results are reached.
  const int32_t exponent = static_cast<int32_t>(n);
  const int32_t half = exponent >> 1;
  return power * PowerOfTwo(half) * PowerOfTwo(exponent - half);
}

// ln(x) = e ln(2) + ln(m) with m between sqrt(1/2) and sqrt(2), where ln(m) is a polynomial.
inline float Logarithm(float x) {
  constexpr float infinity = std::numeric_limits<float>::infinity();
  const bool is_tiny = x < 1.17549435e-38f;
  const float scaled = is_tiny ? x * 8388608.0f : x;
  const int32_t bits = BitsOf(scaled);
  int32_t exponent = ((bits >> 23) & 0xff) - 126 - (is_tiny ? 23 : 0);
  float m = FromBits((bits & 0x007fffff) | 0x3f000000);
  const bool is_low = m < 0.707106781f;
  exponent -= is_low ? 1 : 0;
  m = (is_low ? m + m : m) - 1.0f;
  float p = 7.0376836292e-2f;
  p = p * m - 1.1514610310e-1f;
  p = p * m + 1.1676998740e-1f;
  p = p * m - 1.2420140846e-1f;
  p = p * m + 1.4249322787e-1f;
  p = p * m - 1.6668057665e-1f;
  p = p * m + 2.0000714765e-1f;
  p = p * m - 2.4999993993e-1f;
  p = p * m + 3.3333331174e-1f;
  const float square = m * m, e = static_cast<float>(exponent);
  const float rest = p * m * square - e * 2.12194440e-4f - 0.5f * square;
  const float regular = m + rest + e * 0.693359375f;
  const float special = x == 0.0f ? -infinity : x == infinity ? infinity : std::numeric_limits<float>::quiet_NaN();
  return x > 0.0f && x < infinity ? regular : special;
}

inline float Sigmoid(float x) { return 1.0f / (1.0f + Exponential(-x)); }

// A polynomial near 0, where 1 - 2 / (e^2x + 1) would lose digits.
inline float HyperbolicTangent(float x) {
  const float square = x * x;
  float p = -5.70498872745e-3f;
  p = p * square + 2.06390887954e-2f;
  p = p * square - 5.37397155531e-2f;
  p = p * square + 1.33314422036e-1f;
  p = p * square - 3.33332819422e-1f;
  const float near = p * square * x + x;
  const float far = 1.0f - 2.0f / (Exponential(2.0f * x) + 1.0f);
  return std::fabs(x) < 0.625f ? near : far;
}

// Every op as a function of numbers; those with fewer operands leave the last ones alone.
// clang-format off
struct Negate { static float Of(float a, float, float, float) { return -a; } };
struct Exp { static float Of(float a, float, float, float) { return Exponential(a); } };
struct Log { static float Of(float a, float, float, float) { return Logarithm(a); } };
struct Sqrt { static float Of(float a, float, float, float) { return std::sqrt(a); } };
struct Rsqrt { static float Of(float a, float, float, float) { return 1.0f / std::sqrt(a); } };
struct Square { static float Of(float a, float, float, float) { return a * a; } };
struct Abs { static float Of(float a, float, float, float) { return std::fabs(a); } };
struct Sign { static float Of(float a, float, float, float) { return a > 0.0f ? 1.0f : a < 0.0f ? -1.0f : a; } };
struct Tanh { static float Of(float a, float, float, float) { return HyperbolicTangent(a); } };
struct Copy { static float Of(float a, float, float, float) { return a; } };
struct Logistic { static float Of(float a, float, float, float) { return Sigmoid(a); } };
struct LeakyRelu { static float Of(float a, float, float, float slope) { return a > 0.0f ? a : slope * a; } };
struct Plus { static float Of(float a, float b, float, float) { return a + b; } };
struct Minus { static float Of(float a, float b, float, float) { return a - b; } };
struct Times { static float Of(float a, float b, float, float) { return a * b; } };
struct Over { static float Of(float a, float b, float, float) { return a / b; } };
struct Maximum { static float Of(float a, float b, float, float) { return a >= b || a != a ? a : b; } };
struct Minimum { static float Of(float a, float b, float, float) { return a <= b || a != a ? a : b; } };
struct GreaterEqual { static float Of(float a, float b, float, float) { return a >= b ? 1.0f : 0.0f; } };
struct LessEqual { static float Of(float a, float b, float, float) { return a <= b ? 1.0f : 0.0f; } };
struct LeakyReluGrad { static float Of(float a, float b, float, float slope) { return b > 0.0f ? a : slope * a; } };
struct Select { static float Of(float a, float b, float c, float) { return a != 0.0f ? b : c; } };
struct MultiplyAdd { static float Of(float a, float b, float c, float) { return a * b + c; } };
// clang-format on

template <class Op, unsigned scalars>
void Run(float* to, const float* a, const float* b, const float* c, int64_t count, float number) {
  const float first = (scalars & 1) != 0 ? *a : 0.0f;
  const float second = (scalars & 2) != 0 ? *b : 0.0f;
  const float third = (scalars & 4) != 0 ? *c : 0.0f;
  SPADEWORK_INDEPENDENT
  for (int64_t i = 0; i < count; i++)
    to[i] = Op::Of((scalars & 1) != 0 ? first : a[i], (scalars & 2) != 0 ? second : b[i],
                   (scalars & 4) != 0 ? third : c[i], number);
}

using Loops = std::array<Loop, 8>;

// Operands that an op does not have are scalars, which nobody reads: `0.0f` stands for them.
template <class Op>
constexpr Loops Unary() {
  return {Run<Op, 6>, Run<Op, 7>, Run<Op, 6>, Run<Op, 7>, Run<Op, 6>, Run<Op, 7>, Run<Op, 6>, Run<Op, 7>};
}
template <class Op>
constexpr Loops Binary() {
  return {Run<Op, 4>, Run<Op, 5>, Run<Op, 6>, Run<Op, 7>, Run<Op, 4>, Run<Op, 5>, Run<Op, 6>, Run<Op, 7>};
}
template <class Op>
constexpr Loops Ternary() {
  return {Run<Op, 0>, Run<Op, 1>, Run<Op, 2>, Run<Op, 3>, Run<Op, 4>, Run<Op, 5>, Run<Op, 6>, Run<Op, 7>};
}

const std::unordered_map<std::string, Loops>& AllLoops() {
  static const auto* loops = new std::unordered_map<std::string, Loops>{
      {"neg", Unary<Negate>()},
      {"exp", Unary<Exp>()},
      {"log", Unary<Log>()},
      {"sqrt", Unary<Sqrt>()},
      {"rsqrt", Unary<Rsqrt>()},
      {"square", Unary<Square>()},
      {"abs", Unary<Abs>()},
      {"sign", Unary<Sign>()},
      {"tanh", Unary<Tanh>()},
      {"sigmoid", Unary<Logistic>()},
      {"cast", Unary<Copy>()},  // conditions are 0 and 1 here
      {"leaky_relu", Unary<LeakyRelu>()},
      {"add", Binary<Plus>()},
      {"sub", Binary<Minus>()},
      {"mul", Binary<Times>()},
      {"div", Binary<Over>()},
      {"maximum", Binary<Maximum>()},
      {"minimum", Binary<Minimum>()},
      {"greater_equal", Binary<GreaterEqual>()},
      {"less_equal", Binary<LessEqual>()},
      {"leaky_relu_grad", Binary<LeakyReluGrad>()},
      {"select", Ternary<Select>()},
      {"multiply_add", Ternary<MultiplyAdd>()},
  };
  return *loops;
}

}  // namespace

Loop FindLoop(const std::string& op, unsigned scalars) {
  const auto found = AllLoops().find(op);
  if (found == AllLoops().end()) throw std::runtime_error("a fused program has an unknown op: " + op);
  return found->second[scalars & 7];
}

}  // namespace spadework

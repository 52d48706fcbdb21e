#include "pointwise.h"

#include <array>
#include <stdexcept>
#include <unordered_map>
#include <utility>

#include "numbers.h"

#include "instructions.h"  // made at set-up by runtime/engine/instructions.ts

// Iterations do not depend on each other, though `to` may be an operand.
#if defined(__clang__)
#define SPADEWORK_INDEPENDENT _Pragma("clang loop vectorize(assume_safety)")
#else
#define SPADEWORK_INDEPENDENT _Pragma("GCC ivdep")
#endif

namespace spadework {

const char* const kSum = SPADEWORK_SUM;
const char* const kProduct = SPADEWORK_PRODUCT;

namespace {

SPADEWORK_INLINE float MultiplyAdd(float a, float b, float c) { return a * b + c; }

// A function of one number of each operand, with the values of its parameters.
template <auto function, size_t operands, size_t parameters>
class Bound {
 public:
  explicit Bound(const float* values) {
    for (size_t i = 0; i < parameters; i++) values_[i] = values[i];
  }

  // Functions with fewer operands leave the last ones alone.
  SPADEWORK_INLINE float operator()(float a, float b, float c) const {
    return Call(a, b, c, std::make_index_sequence<parameters>());
  }

 private:
  template <size_t... i>
  SPADEWORK_INLINE float Call(float a, float b, float c, std::index_sequence<i...>) const {
    if constexpr (operands == 1)
      return function(a, values_[i]...);
    else if constexpr (operands == 2)
      return function(a, b, values_[i]...);
    else
      return function(a, b, c, values_[i]...);
  }

  std::array<float, parameters> values_;
};

template <class Function, unsigned scalars>
void Run(float* to, const float* a, const float* b, const float* c, int64_t count, const float* parameters) {
  const Function function(parameters);
  const float first = (scalars & 1) != 0 ? *a : 0.0f;
  const float second = (scalars & 2) != 0 ? *b : 0.0f;
  const float third = (scalars & 4) != 0 ? *c : 0.0f;
  SPADEWORK_INDEPENDENT
  for (int64_t i = 0; i < count; i++)
    to[i] = function((scalars & 1) != 0 ? first : a[i], (scalars & 2) != 0 ? second : b[i],
                     (scalars & 4) != 0 ? third : c[i]);
}

struct Instruction {
  size_t operands, parameters;
  std::array<Loop, 8> loops;  // by the operands that are scalars
};

// Operands that an instruction does not have are scalars, which nobody reads: `0.0f` stands for them.
template <auto function, size_t operands, size_t parameters>
Instruction Make() {
  static_assert(operands >= 1 && operands <= 3, "an instruction has one to three operands");
  using Function = Bound<function, operands, parameters>;
  constexpr unsigned absent = 7u << operands & 7u;
  return {operands,
          parameters,
          {Run<Function, 0 | absent>, Run<Function, 1 | absent>, Run<Function, 2 | absent>, Run<Function, 3 | absent>,
           Run<Function, 4 | absent>, Run<Function, 5 | absent>, Run<Function, 6 | absent>, Run<Function, 7 | absent>}};
}

const Instruction& Find(const std::string& name) {
#define SPADEWORK_ENTRY(name, operands, parameters) {#name, Make<instructions::name, operands, parameters>()},
  static const auto* all = new std::unordered_map<std::string, Instruction>{
      SPADEWORK_INSTRUCTIONS(SPADEWORK_ENTRY){kMultiplyAdd, Make<MultiplyAdd, 3, 0>()},
  };
#undef SPADEWORK_ENTRY
  const auto found = all->find(name);
  if (found == all->end())
    throw std::runtime_error("a fused program has the instruction '" + name +
                             "', which these kernels were compiled without: they belong to another version of the ops; "
                             "`spadework engine install --rebuild` compiles them anew");
  return found->second;
}

}  // namespace

void CheckInstruction(const std::string& name, size_t operands, size_t parameters) {
  const Instruction& found = Find(name);
  if (found.operands == operands && found.parameters == parameters) return;
  const auto counts = [](size_t operands, size_t parameters) {
    return std::to_string(operands) + " operands and " + std::to_string(parameters) + " parameters";
  };
  throw std::runtime_error("a fused program gives the instruction '" + name + "' " + counts(operands, parameters) +
                           ", and it takes " + counts(found.operands, found.parameters));
}

Loop FindLoop(const std::string& name, unsigned scalars) { return Find(name).loops[scalars & 7]; }

}  // namespace spadework

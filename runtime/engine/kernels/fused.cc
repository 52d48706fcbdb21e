#include "fused.h"

#include <map>
#include <memory>
#include <mutex>

#include "plan.h"
#include "program.h"
#include "run.h"
#include "tensorflow.h"

namespace spadework {
namespace {

// Learns what the symbols of `shape` are from the operand that is read under it: both have the same sizes beside 1.
void BindSymbols(const Shape& shape, const Shape& operand, std::map<int64_t, int64_t>* symbols) {
  Shape sizes;
  for (const int64_t size : operand)
    if (size != 1) sizes.push_back(size);
  Shape named;
  for (const int64_t size : shape)
    if (size != 1) named.push_back(size);
  if (sizes.size() == named.size()) {
    for (size_t axis = 0; axis < named.size(); axis++)
      if (named[axis] >= kFirstSymbol) (*symbols)[named[axis]] = sizes[axis];
    return;
  }
  // A symbol may be 1: then the operand has its axes where the shape has.
  for (size_t axis = 0; axis < shape.size(); axis++)
    if (shape[axis] >= kFirstSymbol && shape.size() == operand.size()) (*symbols)[shape[axis]] = operand[axis];
}

void Resolve(Shape* shape, const std::map<int64_t, int64_t>& symbols) {
  for (int64_t& size : *shape) {
    if (size < kFirstSymbol) continue;
    const auto found = symbols.find(size);
    Require(found != symbols.end(), "a fused program has a size that no operand tells");
    size = found->second;
  }
}

// fused: operands -> results of a program (attribute `program`).
class Fused {
 public:
  explicit Fused(const Construction& construction) : program_(ParseProgram(construction.Text("program"))) {}

  void Compute(Call& call) const {
    const std::shared_ptr<const Prepared> prepared = PrepareFor(call);
    const Program& program = prepared->program;
    Memory memory;
    for (size_t index = 0; index < program.results.size(); index++)
      memory.results.push_back(
          call.WriteOver(static_cast<int>(index), program.results[index].shape, prepared->plan.reusable[index]));
    for (int index = 0; index < call.InputCount(); index++) memory.operands.push_back(call.Read<void>(index));
    RunPlan(program, prepared->plan, memory);
  }

 private:
  // A program on the sizes of one call.
  struct Prepared {
    std::vector<Shape> operands;
    Program program;
    Plan plan;
  };

  // Sizes seldom change from call to call, so the last plan is kept.
  std::shared_ptr<const Prepared> PrepareFor(Call& call) const {
    std::vector<Shape> operands;
    for (int index = 0; index < call.InputCount(); index++) operands.push_back(call.InputShape(index));
    const std::lock_guard<std::mutex> lock(mutex_);
    if (prepared_ && prepared_->operands == operands) return prepared_;
    const auto prepared = std::make_shared<Prepared>();
    prepared->operands = operands;
    prepared->program = program_;
    Program& program = prepared->program;
    std::map<int64_t, int64_t> symbols;
    for (const Value& value : program.values)
      if (value.op == "load") BindSymbols(value.shape, operands.at(value.operand), &symbols);
    for (Value& value : program.values) Resolve(&value.shape, symbols);
    Resolve(&program.domain, symbols);
    for (Result& result : program.results) {
      if (result.kind == Result::Kind::kCollect) result.shape[0] = operands.at(result.like)[0];
      Resolve(&result.shape, symbols);
    }
    prepared->plan = MakePlan(program, operands);
    prepared_ = prepared;
    return prepared;
  }

  const Program program_;
  mutable std::mutex mutex_;
  mutable std::shared_ptr<const Prepared> prepared_;
};

}  // namespace

void RegisterFusedOp() {
  RegisterKernel<Fused>({"SpadeworkFused",
                         {"program: string", "Tin: list(type) >= 0", "Tout: list({float}) >= 1"},
                         {"operands: Tin"},
                         {"results: Tout"}});
}

}  // namespace spadework

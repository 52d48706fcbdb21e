#include "plan.h"

#include <algorithm>
#include <limits>
#include <map>

namespace spadework {
namespace {

// How many numbers of a value a block has: a few of them fit into the first-level cache.
constexpr int64_t kBlockNumbers = 1024;
// How many numbers of a value a chunk has, so that there are enough of them for all threads of a large tensor.
constexpr int64_t kChunkNumbers = 1 << 16;
constexpr int64_t kLine = 16;  // numbers of a cache line

int64_t RoundUp(int64_t value, int64_t step) { return (value + step - 1) / step * step; }

// How a value depends on the place in the domain.
struct Extent {
  bool pixel = false;  // differs between the pixels of a picture
  bool last = false;   // differs between channels
};

class Planner {
 public:
  Planner(const Program& program, const std::vector<Shape>& operands) : program_(program), operands_(operands) {}

  Plan Make() {
    ChooseAxes();
    FindExtents();
    MergeMultiplyAdds();
    ChooseBlocks();
    plan_.places.emplace_back();  // the zero that absent operands read
    values_.resize(program_.values.size());
    plan_.accumulators.resize(program_.results.size());
    for (size_t value = 0; value < program_.values.size(); value++) {
      if (uses_[value] == 0 || EmitSumOfProducts(static_cast<int>(value))) continue;
      Emit(static_cast<int>(value));
      for (size_t result = 0; result < program_.results.size(); result++)
        if (program_.results[result].value == static_cast<int>(value)) EmitResult(static_cast<int>(result));
    }
    AssignMemory();
    FindReusable();
    FindStreams();
    return std::move(plan_);
  }

 private:
  // Where a value is, in the widths that were asked for.
  struct Home {
    int own = -1;    // its own width
    int full = -1;   // one number for each pixel and channel
    int pixel = -1;  // one number for each pixel
  };

  int Rank() const { return static_cast<int>(program_.domain.size()); }

  // Whether a load's numbers differ along an axis of the domain.
  bool Covers(const Value& load, int axis) const { return load.shape[axis] > 1; }

  // Decides what pictures, pixels and channels are.
  void ChooseAxes() {
    const int last = Rank() - 1;
    bool has_structure = false;  // something tells channels from pixels
    bool has_pictures = false;   // something tells pictures from pixels
    for (const Value& value : program_.values) {
      if (value.op == "upsample" || value.op == "rows" || value.op == "sum_last" || value.op == "max_last")
        has_structure = true;
      if (value.op != "load") continue;
      bool all = true, none = true, all_between = true;
      for (int axis = 0; axis <= last; axis++) {
        if (program_.domain[axis] == 1) continue;
        (Covers(value, axis) ? none : all) = false;
        if (axis > 0 && axis < last && !Covers(value, axis)) all_between = false;
      }
      if (!all && !none) has_structure = true;
      if (last > 0 && Covers(value, 0) && !all_between) has_pictures = true;
    }
    for (const Result& result : program_.results) {
      if (result.kind == Result::Kind::kPool || result.kind == Result::Kind::kCollect) has_structure = true;
      if (result.kind != Result::Kind::kSum && result.kind != Result::Kind::kSquares) continue;
      for (int axis = 0; axis <= last; axis++)
        if (program_.domain[axis] > 1 && !result.summed[axis]) has_structure = true;
      if (last > 0 && program_.domain[0] > 1 && !result.summed[0]) has_pictures = true;
    }
    if (!has_structure) {
      plan_.pixels = SizeOf(program_.domain);
      return;
    }
    plan_.channels = program_.domain[last];
    first_pixel_axis_ = has_pictures ? 1 : 0;
    if (has_pictures) plan_.pictures = program_.domain[0];
    for (int axis = first_pixel_axis_; axis < last; axis++) plan_.pixels *= program_.domain[axis];
    if (last > 0) plan_.row = program_.domain[last - 1];
    is_flat_ = false;
  }

  Extent ExtentOfLoad(const Value& load) const {
    Extent extent;
    for (int axis = 0; axis < Rank(); axis++) {
      if (!Covers(load, axis)) continue;
      if (is_flat_ || (axis >= first_pixel_axis_ && axis < Rank() - 1))
        extent.pixel = true;
      else if (axis == Rank() - 1)
        extent.last = plan_.channels > 1;
    }
    return extent;
  }

  void FindExtents() {
    for (const Value& value : program_.values) {
      Extent extent;
      if (value.op == "load") {
        extent = ExtentOfLoad(value);
      } else if (value.op == "upsample" || value.op == "rows") {
        extent = {true, plan_.channels > 1};
      } else {
        for (const int input : value.inputs) {
          extent.pixel |= extents_[input].pixel;
          extent.last |= extents_[input].last;
        }
        if (value.op == "sum_last" || value.op == "max_last") extent = {true, false};
      }
      extents_.push_back(extent);
    }
    uses_.resize(program_.values.size());
    for (const Result& result : program_.results) uses_[result.value]++;
    for (size_t value = program_.values.size(); value-- > 0;)
      if (uses_[value] > 0)
        for (const int input : program_.values[value].inputs) uses_[input]++;
  }

  // sum(product(a, b), c) -> multiply-add(a, b, c), where nobody else needs the product.
  void MergeMultiplyAdds() {
    for (size_t index = 0; index < program_.values.size(); index++) {
      Value& sum = program_.values[index];
      if (sum.op != kSum || uses_[index] == 0) continue;
      for (int side = 0; side < 2; side++) {
        const int factor = sum.inputs[side];
        const Value& product = program_.values[factor];
        if (product.op != kProduct || uses_[factor] != 1) continue;
        if (extents_[factor].pixel != extents_[index].pixel || extents_[factor].last != extents_[index].last) continue;
        const int other = sum.inputs[1 - side];
        sum.op = kMultiplyAdd;
        sum.inputs = {product.inputs[0], product.inputs[1], other};
        uses_[factor] = 0;
        break;
      }
    }
  }

  void ChooseBlocks() {
    plan_.block = std::max<int64_t>(1, std::min(plan_.pixels, kBlockNumbers / plan_.channels));
    int64_t unit = plan_.block;
    for (const Result& result : program_.results)
      if (result.kind == Result::Kind::kPool) unit = result.factor * plan_.row;  // squares lie inside of a chunk
    plan_.chunk = RoundUp(std::max<int64_t>(1, kChunkNumbers / plan_.channels), unit);
  }

  int64_t WidthOf(const Extent& extent) const { return extent.last ? plan_.channels : 1; }

  int AddPlace(const Place& place) {
    plan_.places.push_back(place);
    return static_cast<int>(plan_.places.size()) - 1;
  }

  // A place of a worker's own; `width` numbers for each pixel of a block, or once.
  int AddOwn(int64_t width, bool is_block) {
    Place place;
    place.kind = Place::Kind::kOwn;
    place.size = RoundUp(width * (is_block ? plan_.block : 1), kLine);
    return AddPlace(place);
  }

  std::vector<Step>& StepsOf(const Extent& extent) { return extent.pixel ? plan_.block_steps : plan_.chunk_steps; }

  // Where `value` is computed to: into a result, where one stores it as it is, else into a place of its own.
  int PlaceFor(int value) {
    const Extent extent = extents_[value];
    if (extent.pixel)
      for (size_t index = 0; index < program_.results.size(); index++) {
        const Result& result = program_.results[index];
        if (result.kind != Result::Kind::kStore || result.value != value) continue;
        if (StoredWidth(result) != WidthOf(extent)) continue;
        stored_in_place_.push_back(static_cast<int>(index));
        return AddResultPlace(static_cast<int>(index));
      }
    return AddOwn(WidthOf(extent), extent.pixel);
  }

  // Numbers that a stored result has for each pixel.
  int64_t StoredWidth(const Result& result) const {
    return SizeOf(result.shape) == plan_.pictures * plan_.pixels ? 1 : plan_.channels;
  }

  int AddResultPlace(int index) {
    Place place;
    place.kind = Place::Kind::kResult;
    place.index = index;
    place.pixel_stride = StoredWidth(program_.results[index]);
    place.picture_stride = plan_.pixels * place.pixel_stride;
    return AddPlace(place);
  }

  void Emit(int index) {
    const Value& value = program_.values[index];
    const Extent extent = extents_[index];
    Home& home = values_[index];
    if (value.op == "load" || value.op == "upsample" || value.op == "rows") return EmitLeaf(index);
    Step step;
    step.parameters = value.parameters;
    step.width = WidthOf(extent);
    if (value.op == "constant") {
      Place place;
      place.number = value.number;
      home.own = AddPlace(place);
      return;
    }
    if (value.op == "sum_last" || value.op == "max_last") {
      step.kind = value.op == "sum_last" ? Step::Kind::kSumLast : Step::Kind::kMaxLast;
      step.a = AsBlock(value.inputs[0], plan_.channels);
      step.from_width = plan_.channels;
    } else {
      int* const operands[] = {&step.a, &step.b, &step.c};
      step.a = step.b = step.c = 0;  // those that an op does not have are the zero
      unsigned scalars = 7u << value.inputs.size();
      for (size_t i = 0; i < value.inputs.size(); i++)
        *operands[i] = OperandOf(value, static_cast<int>(i), extent, &scalars);
      step.loop = FindLoop(value.op, scalars);
    }
    step.to = home.own = PlaceFor(index);
    StepsOf(extent).push_back(step);
  }

  void EmitLeaf(int index) {
    const Value& value = program_.values[index];
    const Extent extent = extents_[index];
    Home& home = values_[index];
    Place place;
    place.kind = Place::Kind::kOperand;
    place.index = value.operand;
    const bool is_load = value.op == "load";
    if (is_load && !extent.pixel) {
      const bool has_pictures = plan_.pictures > 1 && Covers(value, 0);
      place.picture_stride = has_pictures ? WidthOf(extent) : 0;
      home.own = AddPlace(place);
      return;
    }
    if (is_load && IsContiguous(value)) {
      place.pixel_stride = WidthOf(extent);
      place.picture_stride = plan_.pixels * place.pixel_stride;
      home.own = AddPlace(place);
      return;
    }
    Gather gather;
    gather.operand = value.operand;
    gather.pixels = value.pixels;
    if (value.op == "rows") {
      gather.rows = operands_[value.operand][0];
    } else {
      const Shape from = is_load ? value.shape : operands_[value.operand];
      int64_t stride = 1;
      for (int axis = Rank() - 1; axis >= 0; axis--) {
        const int64_t step = from[axis] == 1 ? 0 : stride;
        const bool is_repeated = !is_load && (axis == Rank() - 2 || axis == Rank() - 3);
        if (axis < first_pixel_axis_)
          gather.picture_stride = step;
        else if (axis < Rank() - 1)
          gather.axes.insert(gather.axes.begin(), {program_.domain[axis], is_repeated ? value.factor : 1, step});
        stride *= from[axis];
      }
    }
    Step step;
    step.kind = Step::Kind::kGather;
    step.item = static_cast<int>(plan_.gathers.size());
    step.width = WidthOf(extent);
    plan_.gathers.push_back(gather);
    step.to = home.own = PlaceFor(index);
    plan_.block_steps.push_back(step);
  }

  // Whether a load has its numbers in the order of the domain's pixels.
  bool IsContiguous(const Value& load) const {
    if (is_flat_) return true;
    for (int axis = 0; axis < Rank() - 1; axis++)
      if (program_.domain[axis] > 1 && !Covers(load, axis)) return false;
    return true;
  }

  // Gives a place with `width` numbers of a value for each pixel of a block.
  int AsBlock(int value, int64_t width) {
    const Extent extent = extents_[value];
    Home& home = values_[value];
    if (extent.pixel && WidthOf(extent) == width) return home.own;
    int& known = width == 1 ? home.pixel : home.full;
    if (known >= 0) return known;
    Step step;
    step.kind = Step::Kind::kSpread;
    step.a = home.own;
    step.to = known = AddOwn(width, true);
    step.width = width;
    step.from_width = WidthOf(extent);
    step.per_pixel = extent.pixel;
    StepsOf(extent).push_back(step);
    return known;
  }

  void EmitResult(int index) {
    const Result& result = program_.results[index];
    Step step;
    step.item = index;
    switch (result.kind) {
      case Result::Kind::kStore: {
        if (std::find(stored_in_place_.begin(), stored_in_place_.end(), index) != stored_in_place_.end()) return;
        step.kind = Step::Kind::kCopy;
        step.width = step.from_width = StoredWidth(result);
        step.a = AsBlock(result.value, step.width);
        step.to = AddResultPlace(index);
        break;
      }
      case Result::Kind::kSum:
      case Result::Kind::kSquares: {
        if (result.kind == Result::Kind::kSum && FindSquares(result, &plan_.accumulators[index].squares_of)) return;
        const Accumulator& accumulator = AddAccumulator(index);
        step.width = step.from_width = plan_.channels;
        step.a = AsBlock(result.value, plan_.channels);
        if (accumulator.has_squares) {
          step.kind = Step::Kind::kSquares;
        } else {
          step.loop = FindLoop(kSum, 4);
          step.to = step.b = accumulator.sum;
          step.c = 0;
        }
        break;
      }
      case Result::Kind::kPool:
      case Result::Kind::kCollect: {
        step.kind = result.kind == Result::Kind::kPool ? Step::Kind::kPool : Step::Kind::kCollect;
        step.width = step.from_width = plan_.channels;
        step.a = AsBlock(result.value, plan_.channels);
        break;
      }
    }
    plan_.block_steps.push_back(step);
  }

  // Finds the result that sums squares of the values that `sum` does, over the same axes.
  bool FindSquares(const Result& sum, int* found) const {
    for (size_t index = 0; index < program_.results.size(); index++) {
      const Result& result = program_.results[index];
      if (result.kind != Result::Kind::kSquares || result.value != sum.value || result.summed != sum.summed) continue;
      *found = static_cast<int>(index);
      return true;
    }
    return false;
  }

  const Accumulator& AddAccumulator(int index) {
    const Result& result = program_.results[index];
    Accumulator& accumulator = plan_.accumulators[index];
    const bool sums_last = is_flat_ || result.summed[Rank() - 1];
    accumulator.width = plan_.channels;
    accumulator.result_width = sums_last ? 1 : plan_.channels;
    accumulator.is_per_picture = plan_.pictures > 1 && !result.summed[0];
    accumulator.has_squares = result.kind == Result::Kind::kSquares;
    accumulator.sum = AddOwn(plan_.channels, true);
    if (accumulator.has_squares) {
      accumulator.squares = AddOwn(plan_.channels, true);
      accumulator.shift = AddOwn(plan_.channels, true);
    }
    return accumulator;
  }

  // sum = a * b + sum, where nobody but one sum needs the products. Tells whether `value` was such products.
  bool EmitSumOfProducts(int value) {
    const Value& product = program_.values[value];
    const Extent extent = extents_[value];
    if (product.op != kProduct || uses_[value] != 1 || !extent.pixel || WidthOf(extent) != plan_.channels) return false;
    const auto is_sum = [&](const Result& result) {
      return result.kind == Result::Kind::kSum && result.value == value;
    };
    const auto found = std::find_if(program_.results.begin(), program_.results.end(), is_sum);
    if (found == program_.results.end()) return false;
    Step step;
    step.width = plan_.channels;
    unsigned scalars = 0;
    step.a = OperandOf(product, 0, extent, &scalars);
    step.b = OperandOf(product, 1, extent, &scalars);
    step.to = step.c = AddAccumulator(static_cast<int>(found - program_.results.begin())).sum;
    step.loop = FindLoop(kMultiplyAdd, scalars);
    plan_.block_steps.push_back(step);
    return true;
  }

  // Gives the place where a step that computes `value` reads input `index`; marks it in `scalars` if it is one number.
  int OperandOf(const Value& value, int index, const Extent& extent, unsigned* scalars) {
    const int input = value.inputs[index];
    const Extent of = extents_[input];
    const bool is_scalar = !of.last && !of.pixel;
    if (is_scalar) *scalars |= 1u << index;
    return is_scalar || !extent.pixel ? values_[input].own : AsBlock(input, WidthOf(extent));
  }

  // Lets places of a worker's own that are never needed at once share memory.
  void AssignMemory() {
    std::map<int, size_t> last_use;  // of places that live within a block
    std::map<int, bool> is_permanent;
    for (const Step& step : plan_.chunk_steps)
      for (const int place : {step.to, step.a, step.b, step.c}) is_permanent[place] = true;
    for (const Accumulator& accumulator : plan_.accumulators)
      for (const int place : {accumulator.sum, accumulator.squares, accumulator.shift}) is_permanent[place] = true;
    for (size_t index = 0; index < plan_.block_steps.size(); index++)
      for (const int place : {plan_.block_steps[index].to, plan_.block_steps[index].a, plan_.block_steps[index].b,
                              plan_.block_steps[index].c})
        if (place >= 0) last_use[place] = index;
    for (size_t index = 0; index < plan_.places.size(); index++) {
      Place& place = plan_.places[index];
      if (place.kind != Place::Kind::kOwn || !is_permanent.count(static_cast<int>(index))) continue;
      place.offset = plan_.workspace;
      plan_.workspace += place.size;
    }
    std::multimap<int64_t, int64_t> free;  // sizes and offsets
    std::map<int, bool> is_placed;
    for (size_t index = 0; index < plan_.block_steps.size(); index++) {
      const Step& step = plan_.block_steps[index];
      const auto release = [&] {
        for (const int place : {step.a, step.b, step.c}) {
          if (place < 0 || !is_placed.count(place) || last_use[place] != index) continue;
          free.emplace(plan_.places[place].size, plan_.places[place].offset);
          is_placed.erase(place);
        }
      };
      // Loops may write where they read.
      if (step.kind == Step::Kind::kLoop) release();
      if (step.to >= 0 && plan_.places[step.to].kind == Place::Kind::kOwn && !is_permanent.count(step.to) &&
          !is_placed.count(step.to)) {
        Place& place = plan_.places[step.to];
        const auto found = free.find(place.size);
        if (found != free.end()) {
          place.offset = found->second;
          free.erase(found);
        } else {
          place.offset = plan_.workspace;
          plan_.workspace += place.size;
        }
        is_placed[step.to] = true;
      }
      release();
    }
  }

  // A result may take an operand's memory where both have the same order, and the operand is not read after it is written.
  void FindReusable() {
    plan_.reusable.resize(program_.results.size());
    std::vector<size_t> last_read(operands_.size(), 0);
    std::vector<bool> is_direct(operands_.size(), true);
    std::vector<int64_t> width(operands_.size(), 0);
    for (size_t index = 0; index < plan_.block_steps.size(); index++) {
      const Step& step = plan_.block_steps[index];
      for (const int at : {step.a, step.b, step.c}) {
        if (at < 0 || plan_.places[at].kind != Place::Kind::kOperand) continue;
        last_read[plan_.places[at].index] = index;
        width[plan_.places[at].index] = plan_.places[at].pixel_stride;
      }
      if (step.kind == Step::Kind::kCollect) {
        is_direct[program_.results[step.item].pixels] = false;
        is_direct[program_.results[step.item].like] = false;
      }
    }
    for (const Step& step : plan_.chunk_steps)
      for (const int at : {step.a, step.b, step.c})
        if (at >= 0 && plan_.places[at].kind == Place::Kind::kOperand) is_direct[plan_.places[at].index] = false;
    for (const Gather& gather : plan_.gathers) {
      is_direct[gather.operand] = false;
      if (gather.pixels >= 0) is_direct[gather.pixels] = false;
    }
    for (size_t index = 0; index < plan_.block_steps.size(); index++) {
      const Step& step = plan_.block_steps[index];
      if (step.to < 0 || plan_.places[step.to].kind != Place::Kind::kResult || step.kind != Step::Kind::kLoop) continue;
      const Place& to = plan_.places[step.to];
      for (size_t operand = 0; operand < operands_.size(); operand++)
        if (is_direct[operand] && width[operand] == to.pixel_stride && width[operand] > 0 && last_read[operand] <= index)
          plan_.reusable[to.index].push_back(static_cast<int>(operand));
    }
  }

  // With a step or two the processor finds by itself what comes next.
  void FindStreams() {
    if (plan_.block_steps.size() <= 2) return;
    for (size_t index = 0; index < plan_.places.size(); index++)
      if (plan_.places[index].pixel_stride > 0) plan_.streams.push_back(static_cast<int>(index));
  }

  Program program_;
  const std::vector<Shape>& operands_;
  bool is_flat_ = true;
  int first_pixel_axis_ = 0;
  std::vector<Extent> extents_;
  std::vector<int> uses_;
  std::vector<Home> values_;
  std::vector<int> stored_in_place_;
  Plan plan_;
};

}  // namespace

Plan MakePlan(const Program& program, const std::vector<Shape>& operands) { return Planner(program, operands).Make(); }

}  // namespace spadework

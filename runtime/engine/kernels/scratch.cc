#include "scratch.h"

#include <cstdlib>
#include <mutex>
#include <new>
#include <vector>

namespace spadework {
namespace {

constexpr int64_t kAlignment = 64;

}  // namespace

struct Scratch::Pool {
  std::mutex mutex;
  std::vector<Memory> memories;

  // Takes the smallest that is large enough, else the largest; an empty one where there is none.
  Memory Take(int64_t numbers) {
    const std::lock_guard<std::mutex> lock(mutex);
    if (memories.empty()) return {};
    size_t best = 0;
    for (size_t at = 1; at < memories.size(); at++) {
      const int64_t size = memories[at].size, known = memories[best].size;
      if (known < numbers ? size > known : size >= numbers && size < known) best = at;
    }
    Memory taken = std::move(memories[best]);
    memories.erase(memories.begin() + best);
    return taken;
  }
};

// Never destroyed: TensorFlow may still compute while the process ends.
Scratch::Pool& Scratch::ThePool() {
  static Pool* pool = new Pool;
  return *pool;
}

void Scratch::Free::operator()(float* data) const { std::free(data); }

Scratch::Scratch(int64_t numbers) : memory_(ThePool().Take(numbers)) {
  if (memory_.size >= numbers) return;
  memory_.data.reset();
  const size_t bytes = (numbers * sizeof(float) + kAlignment - 1) / kAlignment * kAlignment;
  memory_ = {std::unique_ptr<float, Free>(static_cast<float*>(std::aligned_alloc(kAlignment, bytes))), numbers};
  if (!memory_.data) throw std::bad_alloc();
}

Scratch::~Scratch() {
  Pool& pool = ThePool();
  const std::lock_guard<std::mutex> lock(pool.mutex);
  pool.memories.push_back(std::move(memory_));
}

}  // namespace spadework

// Answers for memory that kernels compute in. It is kept and used again, since new memory costs more than much of what is done in it.
#pragma once

#include <cstdint>
#include <memory>

namespace spadework {

class Scratch {
 public:
  explicit Scratch(int64_t numbers);
  ~Scratch();
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;

  float* get() const { return memory_.data.get(); }

 private:
  struct Free {
    void operator()(float* data) const;
  };
  struct Memory {
    std::unique_ptr<float, Free> data;
    int64_t size = 0;
  };
  struct Pool;
  static Pool& ThePool();

  Memory memory_;
};

}  // namespace spadework

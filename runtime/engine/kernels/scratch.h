// Memory for intermediate values of kernels. It is kept and reused, since new memory often costs more than the computation in it.
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

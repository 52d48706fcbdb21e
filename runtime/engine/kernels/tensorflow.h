// Wraps what kernels use of TensorFlow's C interface: attributes, inputs, outputs and registration. Failures are exceptions,
// which the wrapper hands to TensorFlow where it calls into a kernel.
#pragma once

#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "tensorflow/c/kernels.h"
#include "tensorflow/c/ops.h"
#include "tensorflow/c/tf_status.h"
#include "tensorflow/c/tf_tensor.h"

namespace spadework {

using Shape = std::vector<int64_t>;

inline int64_t SizeOf(const Shape& shape) {
  int64_t size = 1;
  for (const int64_t dimension : shape) size *= dimension;
  return size;
}

inline void Require(bool condition, const char* what) {
  if (!condition) throw std::runtime_error(what);
}

class Status {
 public:
  Status() : status_(TF_NewStatus()) {}
  ~Status() { TF_DeleteStatus(status_); }
  Status(const Status&) = delete;
  Status& operator=(const Status&) = delete;

  TF_Status* get() const { return status_; }
  void Check() const {
    if (TF_GetCode(status_) != TF_OK) throw std::runtime_error(TF_Message(status_));
  }

 private:
  TF_Status* status_;
};

struct TensorDeleter {
  void operator()(TF_Tensor* tensor) const { TF_DeleteTensor(tensor); }
};
using TensorPointer = std::unique_ptr<TF_Tensor, TensorDeleter>;

inline Shape ShapeOf(const TF_Tensor* tensor) {
  Shape shape(TF_NumDims(tensor));
  for (size_t axis = 0; axis < shape.size(); axis++) shape[axis] = TF_Dim(tensor, axis);
  return shape;
}

// One node of a graph, while its kernel is made.
class Construction {
 public:
  explicit Construction(TF_OpKernelConstruction* construction) : construction_(construction) {}

  std::string Text(const char* name) const {
    const Status status;
    int32_t list_size = 0, total_size = 0;
    TF_OpKernelConstruction_GetAttrSize(construction_, name, &list_size, &total_size, status.get());
    status.Check();
    std::string value(total_size, '\0');
    TF_OpKernelConstruction_GetAttrString(construction_, name, &value[0], value.size(), status.get());
    status.Check();
    return value;
  }

  int64_t Integer(const char* name) const {
    const Status status;
    int64_t value = 0;
    TF_OpKernelConstruction_GetAttrInt64(construction_, name, &value, status.get());
    status.Check();
    return value;
  }

  bool Flag(const char* name) const {
    const Status status;
    TF_Bool value = 0;
    TF_OpKernelConstruction_GetAttrBool(construction_, name, &value, status.get());
    status.Check();
    return value != 0;
  }

 private:
  TF_OpKernelConstruction* construction_;
};

// One call of a kernel.
class Call {
 public:
  explicit Call(TF_OpKernelContext* context)
      : context_(context), inputs_(TF_NumInputs(context)), outputs_(TF_NumOutputs(context)) {}

  int InputCount() const { return static_cast<int>(inputs_.size()); }
  Shape InputShape(int index) { return ShapeOf(Input(index)); }
  template <class Value>
  const Value* Read(int index) {
    return static_cast<const Value*>(TF_TensorData(Input(index)));
  }

  // Makes output `index`, a float32 tensor.
  float* Write(int index, const Shape& shape) {
    const Status status;
    outputs_[index].reset(TF_AllocateOutput(context_, index, TF_FLOAT, shape.data(), static_cast<int>(shape.size()),
                                            sizeof(float) * SizeOf(shape), status.get()));
    status.Check();
    return static_cast<float*>(TF_TensorData(outputs_[index].get()));
  }

  // Makes output `index` in the memory of one of `candidates`, if that is the last use of an input; else in new memory.
  float* WriteOver(int index, const Shape& shape, const std::vector<int>& candidates) {
    // TensorFlow counts our own hold on an input as a use.
    for (const int candidate : candidates) inputs_[candidate].reset();
    const Status status;
    int forwarded = -1;
    outputs_[index].reset(TF_ForwardInputOrAllocateOutput(
        context_, candidates.data(), static_cast<int>(candidates.size()), index, shape.data(),
        static_cast<int>(shape.size()), &forwarded, status.get()));
    status.Check();
    return static_cast<float*>(TF_TensorData(outputs_[index].get()));
  }

 private:
  TF_Tensor* Input(int index) {
    if (!inputs_[index]) {
      const Status status;
      TF_Tensor* tensor = nullptr;
      TF_GetInput(context_, index, &tensor, status.get());
      inputs_[index].reset(tensor);
      status.Check();
    }
    return inputs_[index].get();
  }

  TF_OpKernelContext* context_;
  std::vector<TensorPointer> inputs_;
  std::vector<TensorPointer> outputs_;
};

// What an op is called and takes, in the words of TensorFlow's op definitions.
struct OpDefinition {
  const char* name;
  std::vector<const char*> attributes;
  std::vector<const char*> inputs;
  std::vector<const char*> outputs;
};

// Makes an op known, with `Kernel` to compute it: constructed once for each node, `Compute` called once for each step.
template <class Kernel>
void RegisterKernel(const OpDefinition& op) {
  const Status status;
  TF_OpDefinitionBuilder* definition = TF_NewOpDefinitionBuilder(op.name);
  for (const char* attribute : op.attributes) TF_OpDefinitionBuilderAddAttr(definition, attribute);
  for (const char* input : op.inputs) TF_OpDefinitionBuilderAddInput(definition, input);
  for (const char* output : op.outputs) TF_OpDefinitionBuilderAddOutput(definition, output);
  TF_OpDefinitionBuilderSetShapeInferenceFunction(definition, &TF_ShapeInferenceContextSetUnknownShape);
  TF_RegisterOpDefinition(definition, status.get());
  status.Check();

  const auto create = [](TF_OpKernelConstruction* construction) -> void* {
    try {
      return new Kernel(Construction(construction));
    } catch (const std::exception& error) {
      const Status failure;
      TF_SetStatus(failure.get(), TF_INVALID_ARGUMENT, error.what());
      TF_OpKernelConstruction_Failure(construction, failure.get());
      return nullptr;
    }
  };
  const auto compute = [](void* kernel, TF_OpKernelContext* context) {
    try {
      Call call(context);
      static_cast<const Kernel*>(kernel)->Compute(call);
    } catch (const std::exception& error) {
      const Status failure;
      TF_SetStatus(failure.get(), TF_INVALID_ARGUMENT, error.what());
      TF_OpKernelContext_Failure(context, failure.get());
    }
  };
  const auto destroy = [](void* kernel) { delete static_cast<Kernel*>(kernel); };
  TF_KernelBuilder* builder = TF_NewKernelBuilder(op.name, "CPU", create, compute, destroy);
  TF_RegisterKernelBuilder(op.name, builder, status.get());
  status.Check();
}

}  // namespace spadework

// Runs TensorFlow's sessions for Node, which the binding of tfjs-node-gpu does on JavaScript's own thread: here a call runs on a
// thread of Node's pool, and what it gives stays with TensorFlow until somebody reads it.
#define NAPI_VERSION 8
#include <node_api.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <atomic>
#include <exception>
#include <memory>
#include <string>
#include <vector>

#include "tensorflow/c/c_api.h"

namespace {

using Tensor = std::shared_ptr<TF_Tensor>;

struct Model {
  TF_Graph* graph = nullptr;
  TF_Session* session = nullptr;

  ~Model() {
    TF_Status* status = TF_NewStatus();
    if (session != nullptr) TF_DeleteSession(session, status);
    TF_DeleteStatus(status);
    if (graph != nullptr) TF_DeleteGraph(graph);
  }
};

// Work that takes long: it runs on a thread of the pool, where it touches nothing of JavaScript's.
struct Task {
  virtual ~Task() = default;
  virtual void Run() = 0;
  // Adds what came of it to what JavaScript gets; false where that was refused.
  virtual bool Describe(napi_env env, napi_value outcome) = 0;

  std::string error;
  napi_async_work work = nullptr;
  napi_deferred deferred = nullptr;
};

// How many tensors JavaScript holds, in all of its threads.
std::atomic<int64_t> held_tensors{0};

Tensor Own(TF_Tensor* tensor) { return Tensor(tensor, TF_DeleteTensor); }

// Throws where Node refused something; tells whether it did not.
bool Check(napi_env env, napi_status status) {
  if (status == napi_ok) return true;
  bool pending = false;
  napi_is_exception_pending(env, &pending);
  if (!pending) napi_throw_error(env, nullptr, "Node refused a call of the engine");
  return false;
}

napi_value Throw(napi_env env, const std::string& message) {
  napi_throw_error(env, nullptr, message.c_str());
  return nullptr;
}

template <size_t count>
bool ArgumentsOf(napi_env env, napi_callback_info info, napi_value (&arguments)[count]) {
  size_t found = count;
  return Check(env, napi_get_cb_info(env, info, &found, arguments, nullptr, nullptr));
}

bool TextOf(napi_env env, napi_value value, std::string* text) {
  size_t length = 0;
  if (!Check(env, napi_get_value_string_utf8(env, value, nullptr, 0, &length))) return false;
  text->resize(length + 1);
  if (!Check(env, napi_get_value_string_utf8(env, value, &(*text)[0], length + 1, &length))) return false;
  text->resize(length);
  return true;
}

// Calls `take` with every element of an array, until it returns false.
template <class Take>
bool ForEach(napi_env env, napi_value array, const Take& take) {
  uint32_t length = 0;
  if (!Check(env, napi_get_array_length(env, array, &length))) return false;
  for (uint32_t i = 0; i < length; i++) {
    napi_value element;
    if (!Check(env, napi_get_element(env, array, i, &element)) || !take(element)) return false;
  }
  return true;
}

bool Set(napi_env env, napi_value object, const char* name, napi_value value) {
  return Check(env, napi_set_named_property(env, object, name, value));
}

// On a thread of the pool.
void Execute(napi_env, void* data) {
  Task& task = *static_cast<Task*>(data);
  try {
    task.Run();
  } catch (const std::exception& error) {
    task.error = error.what();
  }
}

// On JavaScript's thread, after Execute.
void Complete(napi_env env, napi_status, void* data) {
  std::unique_ptr<Task> task(static_cast<Task*>(data));
  napi_value outcome, error;
  if (Check(env, napi_create_object(env, &outcome)) &&
      (task->error.empty() ? task->Describe(env, outcome)
                           : Check(env, napi_create_string_utf8(env, task->error.data(), task->error.size(), &error)) &&
                                 Set(env, outcome, "error", error))) {
    napi_resolve_deferred(env, task->deferred, outcome);
  } else if (napi_get_and_clear_last_exception(env, &error) == napi_ok) {
    napi_reject_deferred(env, task->deferred, error);
  }
  napi_delete_async_work(env, task->work);
}

// Starts a task; gives a promise of what it describes, or of {error}.
napi_value Start(napi_env env, std::unique_ptr<Task> task) {
  napi_value promise, name;
  if (!Check(env, napi_create_string_utf8(env, "spadework", NAPI_AUTO_LENGTH, &name)) ||
      !Check(env, napi_create_async_work(env, nullptr, name, Execute, Complete, task.get(), &task->work)) ||
      !Check(env, napi_create_promise(env, &task->deferred, &promise)) ||
      !Check(env, napi_queue_async_work(env, task->work)))
    return nullptr;
  task.release();
  return promise;
}

// JavaScript holds a model or a tensor by a pointer to what shares it; empty once it was deleted.
template <class T>
std::shared_ptr<T>* HeldBy(napi_env env, napi_value value) {
  void* held = nullptr;
  if (!Check(env, napi_get_value_external(env, value, &held))) return nullptr;
  return static_cast<std::shared_ptr<T>*>(held);
}

// Lets go of a tensor that JavaScript holds; V8 hears how much memory hangs on its objects.
void LetGo(napi_env env, Tensor* held) {
  if (!*held) return;
  int64_t now;
  napi_adjust_external_memory(env, -static_cast<int64_t>(TF_TensorByteSize(held->get())), &now);
  held->reset();
  held_tensors--;
}

napi_value Hold(napi_env env, Tensor tensor) {
  napi_value value = nullptr;
  auto held = std::make_unique<Tensor>(std::move(tensor));
  const auto finalize = [](napi_env env, void* data, void*) {
    std::unique_ptr<Tensor> held(static_cast<Tensor*>(data));
    LetGo(env, held.get());
  };
  if (!Check(env, napi_create_external(env, held.get(), finalize, nullptr, &value))) return nullptr;
  int64_t now;
  napi_adjust_external_memory(env, static_cast<int64_t>(TF_TensorByteSize(held->get())), &now);
  held_tensors++;
  held.release();
  return value;
}

// Loads a model, which is described in a folder.
struct Load : Task {
  std::string folder;
  std::shared_ptr<Model> model = std::make_shared<Model>();

  void Run() override {
    model->graph = TF_NewGraph();
    TF_SessionOptions* options = TF_NewSessionOptions();
    TF_Status* status = TF_NewStatus();
    const char* tags[] = {"serve"};
    model->session =
        TF_LoadSessionFromSavedModel(options, nullptr, folder.c_str(), tags, 1, model->graph, nullptr, status);
    if (TF_GetCode(status) != TF_OK) error = TF_Message(status);
    TF_DeleteStatus(status);
    TF_DeleteSessionOptions(options);
  }

  // {model}
  bool Describe(napi_env env, napi_value outcome) override {
    napi_value value = nullptr;
    auto held = std::make_unique<std::shared_ptr<Model>>(std::move(model));
    const auto finalize = [](napi_env, void* data, void*) { delete static_cast<std::shared_ptr<Model>*>(data); };
    if (!Check(env, napi_create_external(env, held.get(), finalize, nullptr, &value))) return false;
    held.release();
    return Set(env, outcome, "model", value);
  }
};

// loadModel(folder): loads a SavedModel; gives a promise of {model} or {error}.
napi_value LoadModel(napi_env env, napi_callback_info info) {
  napi_value arguments[1];
  auto load = std::make_unique<Load>();
  if (!ArgumentsOf(env, info, arguments) || !TextOf(env, arguments[0], &load->folder)) return nullptr;
  return Start(env, std::move(load));
}

// deleteModel(model): frees it with its variables, once no call runs on it.
napi_value DeleteModel(napi_env env, napi_callback_info info) {
  napi_value arguments[1];
  if (!ArgumentsOf(env, info, arguments)) return nullptr;
  if (auto* held = HeldBy<Model>(env, arguments[0])) held->reset();
  return nullptr;
}

bool ShapeOf(napi_env env, napi_value array, std::vector<int64_t>* shape) {
  return ForEach(env, array, [&](napi_value element) {
    shape->push_back(0);
    return Check(env, napi_get_value_int64(env, element, &shape->back()));
  });
}

// Copies a Float32Array or Int32Array to where TensorFlow may keep it. Sharing its memory would need a callback into Node from
// whichever of TensorFlow's threads is the last to let go.
Tensor CopyIn(napi_env env, napi_value array, const std::vector<int64_t>& shape) {
  napi_typedarray_type type;
  size_t length = 0;
  void* data = nullptr;
  if (!Check(env, napi_get_typedarray_info(env, array, &type, &length, &data, nullptr, nullptr))) return nullptr;
  if (type != napi_float32_array && type != napi_int32_array) {
    Throw(env, "arrays of an engine hold float32 or int32");
    return nullptr;
  }
  int64_t count = 1;
  for (const int64_t size : shape) count *= size;
  if (count != static_cast<int64_t>(length)) {
    Throw(env, "an array has another size than its shape");
    return nullptr;
  }
  const size_t bytes = 4 * length;
  const TF_DataType dtype = type == napi_float32_array ? TF_FLOAT : TF_INT32;
  Tensor tensor = Own(TF_AllocateTensor(dtype, shape.data(), static_cast<int>(shape.size()), bytes));
  if (bytes == 0) return tensor;
  if (TF_TensorData(tensor.get()) == nullptr) {
    Throw(env, "out of memory: an array cannot be copied to the engine");
    return nullptr;
  }
  memcpy(TF_TensorData(tensor.get()), data, bytes);
  return tensor;
}

// Finds a tensor of the graph by its name: that of its operation, or `operation:1` for another result than the first.
bool Find(napi_env env, const Model& model, napi_value value, TF_Output* output) {
  std::string name;
  if (!TextOf(env, value, &name)) return false;
  const size_t colon = name.find(':');
  const std::string operation = name.substr(0, colon);
  *output = {TF_GraphOperationByName(model.graph, operation.c_str()),
             colon == std::string::npos ? 0 : atoi(name.c_str() + colon + 1)};
  if (output->oper != nullptr) return true;
  Throw(env, "the graph has no operation " + operation);
  return false;
}

// Describes a tensor to JavaScript: {shape, isFloat, held}.
napi_value DescribeTensor(napi_env env, const Tensor& tensor) {
  napi_value result, shape, is_float;
  const int rank = TF_NumDims(tensor.get());
  if (!Check(env, napi_create_object(env, &result)) ||
      !Check(env, napi_create_array_with_length(env, rank, &shape)) ||
      !Check(env, napi_get_boolean(env, TF_TensorType(tensor.get()) == TF_FLOAT, &is_float)))
    return nullptr;
  for (int axis = 0; axis < rank; axis++) {
    napi_value size;
    if (!Check(env, napi_create_int64(env, TF_Dim(tensor.get(), axis), &size)) ||
        !Check(env, napi_set_element(env, shape, axis, size)))
      return nullptr;
  }
  napi_value held = Hold(env, tensor);
  if (held == nullptr || !Set(env, result, "shape", shape) || !Set(env, result, "isFloat", is_float) ||
      !Set(env, result, "held", held))
    return nullptr;
  return result;
}

napi_value BytesOf(napi_env env, const void* from, size_t bytes) {
  void* copy = nullptr;
  napi_value result = nullptr;
  if (!Check(env, napi_create_arraybuffer(env, bytes, &copy, &result))) return nullptr;
  if (bytes > 0) memcpy(copy, from, bytes);
  return result;
}

// A call of a model, from its arguments to its results.
struct Call : Task {
  std::shared_ptr<Model> model;
  std::vector<TF_Output> inputs;
  std::vector<Tensor> fed;
  std::vector<TF_Output> outputs;
  std::vector<const TF_Operation*> targets;
  bool traced = false;
  std::vector<Tensor> results;
  std::unique_ptr<TF_Buffer, decltype(&TF_DeleteBuffer)> trace{nullptr, TF_DeleteBuffer};

  void Run() override {
    TF_Status* status = TF_NewStatus();
    TF_Buffer* options = nullptr;
    if (traced) {
      // The message RunOptions {trace_level: FULL_TRACE}: field 1 is the number 3.
      static const uint8_t kFullTrace[] = {0x08, 0x03};
      options = TF_NewBufferFromString(kFullTrace, sizeof kFullTrace);
      trace.reset(TF_NewBuffer());
    }
    std::vector<TF_Tensor*> given, made(outputs.size(), nullptr);
    for (const Tensor& tensor : fed) given.push_back(tensor.get());
    TF_SessionRun(model->session, options, inputs.data(), given.data(), static_cast<int>(given.size()), outputs.data(),
                  made.data(), static_cast<int>(made.size()), targets.data(), static_cast<int>(targets.size()),
                  trace.get(), status);
    for (TF_Tensor* tensor : made)
      if (tensor != nullptr) results.push_back(Own(tensor));
    if (TF_GetCode(status) != TF_OK) error = TF_Message(status);
    // What was fed is freed now, although JavaScript may hear of the end late.
    fed.clear();
    if (options != nullptr) TF_DeleteBuffer(options);
    TF_DeleteStatus(status);
  }

  // {results, trace}
  bool Describe(napi_env env, napi_value outcome) override {
    napi_value array;
    if (!Check(env, napi_create_array_with_length(env, results.size(), &array))) return false;
    for (size_t i = 0; i < results.size(); i++) {
      napi_value result = DescribeTensor(env, results[i]);
      if (result == nullptr || !Check(env, napi_set_element(env, array, static_cast<uint32_t>(i), result))) return false;
    }
    if (!Set(env, outcome, "results", array)) return false;
    if (trace == nullptr) return true;
    napi_value bytes = BytesOf(env, trace->data, trace->length);
    return bytes != nullptr && Set(env, outcome, "trace", bytes);
  }
};

// runModel(model, names, values, shapes, outputs, targets, traced): gives a promise of {results, trace} or {error}. Values are typed
// arrays, which are copied before this returns, or tensors that JavaScript holds; their shapes are those of the arrays.
napi_value RunModel(napi_env env, napi_callback_info info) {
  napi_value arguments[7];
  if (!ArgumentsOf(env, info, arguments)) return nullptr;
  auto* model = HeldBy<Model>(env, arguments[0]);
  if (model == nullptr) return nullptr;
  if (!*model) return Throw(env, "the model was deleted");
  auto call = std::make_unique<Call>();
  call->model = *model;
  uint32_t index = 0;
  const auto take_value = [&](napi_value value) {
    bool is_array = false;
    if (!Check(env, napi_is_typedarray(env, value, &is_array))) return false;
    if (is_array) {
      napi_value array;
      std::vector<int64_t> shape;
      if (!Check(env, napi_get_element(env, arguments[3], index, &array)) || !ShapeOf(env, array, &shape)) return false;
      call->fed.push_back(CopyIn(env, value, shape));
    } else {
      auto* held = HeldBy<TF_Tensor>(env, value);
      if (held == nullptr) return false;
      if (!*held) return Throw(env, "a value was fed after it was disposed of") != nullptr;
      call->fed.push_back(*held);
    }
    index++;
    return call->fed.back() != nullptr;
  };
  const auto finds = [&](std::vector<TF_Output>* found) {
    return [&, found](napi_value name) {
      found->emplace_back();
      return Find(env, *call->model, name, &found->back());
    };
  };
  const auto take_target = [&](napi_value name) {
    TF_Output target;
    if (!Find(env, *call->model, name, &target)) return false;
    call->targets.push_back(target.oper);
    return true;
  };
  if (!ForEach(env, arguments[1], finds(&call->inputs)) || !ForEach(env, arguments[2], take_value) ||
      !ForEach(env, arguments[4], finds(&call->outputs)) || !ForEach(env, arguments[5], take_target) ||
      !Check(env, napi_get_value_bool(env, arguments[6], &call->traced)))
    return nullptr;
  return Start(env, std::move(call));
}

// readTensor(tensor): copies it into a new ArrayBuffer.
napi_value ReadTensor(napi_env env, napi_callback_info info) {
  napi_value arguments[1];
  if (!ArgumentsOf(env, info, arguments)) return nullptr;
  auto* held = HeldBy<TF_Tensor>(env, arguments[0]);
  if (held == nullptr) return nullptr;
  if (!*held) return Throw(env, "a value was read after it was disposed of");
  return BytesOf(env, TF_TensorData(held->get()), TF_TensorByteSize(held->get()));
}

// deleteTensor(tensor): frees it, once no call uses it.
napi_value DeleteTensor(napi_env env, napi_callback_info info) {
  napi_value arguments[1];
  if (!ArgumentsOf(env, info, arguments)) return nullptr;
  if (auto* held = HeldBy<TF_Tensor>(env, arguments[0])) LetGo(env, held);
  return nullptr;
}

// countTensors(): how many tensors JavaScript holds.
napi_value CountTensors(napi_env env, napi_callback_info) {
  napi_value count = nullptr;
  Check(env, napi_create_int64(env, held_tensors, &count));
  return count;
}

}  // namespace

NAPI_MODULE_INIT() {
  const struct {
    const char* name;
    napi_callback callback;
  } functions[] = {{"loadModel", LoadModel},   {"deleteModel", DeleteModel},   {"runModel", RunModel},
                   {"readTensor", ReadTensor}, {"deleteTensor", DeleteTensor}, {"countTensors", CountTensors}};
  for (const auto& [name, callback] : functions) {
    napi_value function;
    if (!Check(env, napi_create_function(env, name, NAPI_AUTO_LENGTH, callback, nullptr, &function)) ||
        !Set(env, exports, name, function))
      return nullptr;
  }
  return exports;
}

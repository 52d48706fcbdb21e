// Lets Node ask TensorFlow for the times of every node of one call, which the binding of tfjs-node-gpu cannot: it is
// compiled with its call of TF_SessionRun and its registration renamed to those below (compile.ts), and linked with this.
#include <node_api.h>
#include <stdint.h>
#include <string.h>

#include "tensorflow/c/c_api.h"

extern "C" napi_value SpadeworkRegisterBinding1(napi_env env, napi_value exports);

namespace {

// A session is run on the thread of its environment, and worker threads have environments of their own.
thread_local bool wanted = false;
thread_local TF_Buffer* trace = nullptr;

void Forget() {
  if (trace != nullptr) TF_DeleteBuffer(trace);
  trace = nullptr;
}

// traceNextRun(): the next call of a session is traced.
napi_value TraceNextRun(napi_env, napi_callback_info) {
  wanted = true;
  return nullptr;
}

// takeTrace(): gives the serialized RunMetadata of the traced call as an ArrayBuffer, once; undefined where there is none.
napi_value TakeTrace(napi_env env, napi_callback_info) {
  if (trace == nullptr) return nullptr;
  void* bytes = nullptr;
  napi_value result = nullptr;
  if (napi_create_arraybuffer(env, trace->length, &bytes, &result) != napi_ok) {
    napi_throw_error(env, nullptr, "no memory for the trace of a call");
  } else {
    memcpy(bytes, trace->data, trace->length);
  }
  Forget();
  return result;
}

void Export(napi_env env, napi_value exports, const char* name, napi_callback callback) {
  napi_value function;
  if (napi_create_function(env, name, NAPI_AUTO_LENGTH, callback, nullptr, &function) == napi_ok) {
    napi_set_named_property(env, exports, name, function);
  }
}

}  // namespace

// Stands between the binding and TF_SessionRun, which has the same parameters.
extern "C" void SpadeworkSessionRun(TF_Session* session, const TF_Buffer* options, const TF_Output* inputs,
                                    TF_Tensor* const* input_values, int input_count, const TF_Output* outputs,
                                    TF_Tensor** output_values, int output_count, const TF_Operation* const* targets,
                                    int target_count, TF_Buffer* metadata, TF_Status* status) {
  if (!wanted) {
    TF_SessionRun(session, options, inputs, input_values, input_count, outputs, output_values, output_count, targets,
                  target_count, metadata, status);
    return;
  }
  wanted = false;
  Forget();
  // The message RunOptions {trace_level: FULL_TRACE}: field 1 is the number 3.
  static const uint8_t kFullTrace[] = {0x08, 0x03};
  TF_Buffer* full_trace = TF_NewBufferFromString(kFullTrace, sizeof kFullTrace);
  trace = TF_NewBuffer();
  TF_SessionRun(session, full_trace, inputs, input_values, input_count, outputs, output_values, output_count, targets,
                target_count, trace, status);
  TF_DeleteBuffer(full_trace);
  if (TF_GetCode(status) != TF_OK) Forget();
}

extern "C" NAPI_MODULE_EXPORT napi_value napi_register_module_v1(napi_env env, napi_value exports) {
  exports = SpadeworkRegisterBinding1(env, exports);
  if (exports == nullptr) return exports;
  Export(env, exports, "traceNextRun", TraceNextRun);
  Export(env, exports, "takeTrace", TakeTrace);
  return exports;
}

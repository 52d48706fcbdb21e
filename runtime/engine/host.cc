// Gives Node what it lacks for TensorFlow: holding back what native code writes to the error stream while the library
// loads, setting variables of the real environment from a worker thread too, and giving freed memory back to the system.
#define NAPI_VERSION 8
#include <fcntl.h>
#include <malloc.h>
#include <node_api.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <string>

namespace {

int held_stream = -1;

// holdErrorStream(): sends file descriptor 2 to nowhere until releaseErrorStream().
napi_value HoldErrorStream(napi_env, napi_callback_info) {
  if (held_stream >= 0) return nullptr;
  fflush(stderr);
  const int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
  if (nowhere < 0) return nullptr;
  held_stream = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
  if (held_stream >= 0) dup2(nowhere, STDERR_FILENO);
  close(nowhere);
  return nullptr;
}

// releaseErrorStream(): puts file descriptor 2 back.
napi_value ReleaseErrorStream(napi_env, napi_callback_info) {
  if (held_stream < 0) return nullptr;
  fflush(stderr);
  dup2(held_stream, STDERR_FILENO);
  close(held_stream);
  held_stream = -1;
  return nullptr;
}

bool TextOf(napi_env env, napi_value value, std::string* text) {
  size_t length = 0;
  if (napi_get_value_string_utf8(env, value, nullptr, 0, &length) != napi_ok) return false;
  text->resize(length + 1);
  if (napi_get_value_string_utf8(env, value, &(*text)[0], length + 1, &length) != napi_ok) return false;
  text->resize(length);
  return true;
}

// setVariable(name, value): in a worker thread `process.env` is a copy that native code never sees; this is not.
napi_value SetVariable(napi_env env, napi_callback_info info) {
  size_t count = 2;
  napi_value arguments[2];
  std::string name, value;
  if (napi_get_cb_info(env, info, &count, arguments, nullptr, nullptr) != napi_ok || count != 2 ||
      !TextOf(env, arguments[0], &name) || !TextOf(env, arguments[1], &value)) {
    napi_throw_type_error(env, nullptr, "setVariable takes a name and a value, both strings");
    return nullptr;
  }
  setenv(name.c_str(), value.c_str(), 1);
  return nullptr;
}

// releaseMemory(): gives the system the memory that was freed, which the C library keeps for later.
napi_value ReleaseMemory(napi_env, napi_callback_info) {
#ifdef __GLIBC__
  malloc_trim(0);
#endif
  return nullptr;
}

void Export(napi_env env, napi_value exports, const char* name, napi_callback callback) {
  napi_value function;
  if (napi_create_function(env, name, NAPI_AUTO_LENGTH, callback, nullptr, &function) == napi_ok) {
    napi_set_named_property(env, exports, name, function);
  }
}

}  // namespace

NAPI_MODULE_INIT() {
  Export(env, exports, "holdErrorStream", HoldErrorStream);
  Export(env, exports, "releaseErrorStream", ReleaseErrorStream);
  Export(env, exports, "setVariable", SetVariable);
  Export(env, exports, "releaseMemory", ReleaseMemory);
  return exports;
}

// Gives Node what it lacks for TensorFlow: holding back what native code writes to the error stream while the library
// loads, setting variables of the real environment from a worker thread too, and giving freed memory back to the system.
#define NAPI_VERSION 8
#include <fcntl.h>
#ifdef __GLIBC__
#include <link.h>
#include <malloc.h>
#include <sys/mman.h>
#endif
#include <node_api.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
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

#ifdef __GLIBC__
// Lets go of the pages of a library that nobody writes to, code and constants. Most of them were read while it was loaded and are
// not needed again; those that are come back from the file.
int ReleasePages(dl_phdr_info* library, size_t, void*) {
  if (strstr(library->dlpi_name, "libtensorflow") == nullptr) return 0;
  const uintptr_t page = static_cast<uintptr_t>(sysconf(_SC_PAGESIZE));
  for (int i = 0; i < library->dlpi_phnum; i++) {
    const auto& part = library->dlpi_phdr[i];
    if (part.p_type != PT_LOAD || (part.p_flags & PF_W) != 0) continue;
    // Its ends may share a page with parts that are written to.
    const uintptr_t start = library->dlpi_addr + part.p_vaddr, end = start + part.p_memsz;
    const uintptr_t first = (start + page - 1) / page * page, last = end / page * page;
    if (first < last) madvise(reinterpret_cast<void*>(first), last - first, MADV_DONTNEED);
  }
  return 0;
}
#endif

// releaseMemory(): gives the system the memory that was freed, which the C library keeps for later, and what was needed for loading.
napi_value ReleaseMemory(napi_env, napi_callback_info) {
#ifdef __GLIBC__
  malloc_trim(0);
  dl_iterate_phdr(ReleasePages, nullptr);
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

// Makes our ops known to the TensorFlow library of this process, when Node loads this file as a module.
#define NAPI_VERSION 8
#include <node_api.h>

#include <exception>
#include <mutex>
#include <string>

#include "fused.h"
#include "rows.h"
#include "winograd.h"

namespace {

// What went wrong, or nothing. Worker threads load the module again; TensorFlow takes an op's name only once.
const std::string& RegisterOnce() {
  static std::once_flag once;
  static std::string failure;
  std::call_once(once, [] {
    try {
      spadework::RegisterRowOps();
      spadework::RegisterFusedOp();
      spadework::RegisterWinogradOps();
    } catch (const std::exception& error) {
      failure = error.what();
    }
  });
  return failure;
}

}  // namespace

NAPI_MODULE_INIT() {
  const std::string& failure = RegisterOnce();
  if (!failure.empty()) napi_throw_error(env, nullptr, failure.c_str());
  return exports;
}

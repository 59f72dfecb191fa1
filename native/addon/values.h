// Between JavaScript's values and the engine's.
#pragma once

#include <napi.h>

#include <new>
#include <string>

#include "../engine/error.h"
#include "../engine/operands.h"

namespace thalweg::addon {

// Runs `work`; what it throws becomes a JavaScript error. The only place where C++ errors are caught.
template <typename Work>
auto guarded(napi_env env, Work work) -> decltype(work()) {
  try {
    return work();
  } catch (const Error& error) {
    napi_throw_error(env, error.code(), error.what());
  } catch (const Napi::Error& error) {
    error.ThrowAsJavaScriptException();
  } catch (const std::bad_alloc&) {
    napi_throw_error(env, "ERR_MEMORY", "out of memory");
  } catch (const std::exception& error) {
    napi_throw_error(env, "ERR_NATIVE", error.what());
  }
  return decltype(work())();
}

inline DType dtype_of(napi_typedarray_type type) {
  switch (type) {
    case napi_float32_array:
      return DType::float32;
    case napi_float64_array:
      return DType::float64;
    case napi_int32_array:
      return DType::int32;
    case napi_uint8_array:
      return DType::boolean;
    default:
      throw Error("ERR_DTYPE", "a buffer is not a Float32Array, Float64Array, Int32Array or Uint8Array");
  }
}

// A typed array, or null for an operand left out.
inline Buffer to_buffer(napi_env env, napi_value value) {
  napi_typedarray_type type;
  size_t length = 0;
  void* data = nullptr;
  if (napi_get_typedarray_info(env, value, &type, &length, &data, nullptr, nullptr) == napi_ok) {
    return {data, static_cast<int64_t>(length), dtype_of(type)};
  }
  napi_valuetype kind;
  if (napi_typeof(env, value, &kind) == napi_ok && kind == napi_null) return {};
  throw Error("ERR_DTYPE", "a buffer is not a typed array");
}

}  // namespace thalweg::addon

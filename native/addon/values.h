// Between JavaScript's values and the engine's.
#pragma once

#include <napi.h>

#include <new>
#include <string>
#include <vector>

#include "../engine/error.h"
#include "../engine/operands.h"

namespace thalweg::addon {

inline napi_value make_error(napi_env env, const char* code, const char* message) {
  napi_value named = nullptr;
  napi_value text = nullptr;
  napi_value error = nullptr;
  napi_create_string_utf8(env, code, NAPI_AUTO_LENGTH, &named);
  napi_create_string_utf8(env, message, NAPI_AUTO_LENGTH, &text);
  napi_create_error(env, named, text, &error);
  return error;
}

// The JavaScript error for the C++ exception that is being handled: the only place where they are told apart.
// Takes no memory of C++'s, of which there may be none left.
inline napi_value caught(napi_env env) {
  try {
    throw;
  } catch (const Error& error) {
    return make_error(env, error.code(), error.what());
  } catch (const Napi::Error& error) {
    return error.Value();
  } catch (const std::bad_alloc&) {
    return make_error(env, "ERR_MEMORY", "out of memory");
  } catch (const std::exception& error) {
    return make_error(env, "ERR_NATIVE", error.what());
  }
}

// Runs `work`; what it throws becomes a JavaScript error.
template <typename Work>
auto guarded(napi_env env, Work work) -> decltype(work()) {
  try {
    return work();
  } catch (...) {
    napi_throw(env, caught(env));
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
inline View to_view(napi_env env, napi_value value) {
  napi_typedarray_type type;
  size_t length = 0;
  void* data = nullptr;
  if (napi_get_typedarray_info(env, value, &type, &length, &data, nullptr, nullptr) == napi_ok) {
    // An empty array may have no memory, and is there all the same.
    static std::byte nothing;
    return {data == nullptr ? &nothing : data, static_cast<int64_t>(length), dtype_of(type)};
  }
  napi_valuetype kind;
  if (napi_typeof(env, value, &kind) == napi_ok && kind == napi_null) return {};
  throw Error("ERR_DTYPE", "a buffer is not a typed array");
}

inline std::vector<View> views_of(const Napi::Value& value) {
  const auto array = value.As<Napi::Array>();
  std::vector<View> buffers;
  buffers.reserve(array.Length());
  for (uint32_t i = 0; i < array.Length(); ++i) buffers.push_back(to_view(value.Env(), array[i]));
  return buffers;
}

}  // namespace thalweg::addon

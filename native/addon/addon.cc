// The door between JavaScript and the engine: the only file that knows Node.
#include <napi.h>

#include <array>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "../engine/caches.h"
#include "../engine/cblas.h"
#include "../engine/cpu.h"
#include "../engine/executor.h"
#include "../engine/memory.h"
#include "../engine/system.h"
#include "../engine/threads.h"
#include "descriptions.h"
#include "environment.h"
#include "heap.h"
#include "objects.h"
#include "values.h"

namespace {

using thalweg::Error;
using thalweg::View;
using thalweg::addon::Environment;
using thalweg::addon::guarded;
using thalweg::addon::to_view;
using thalweg::addon::views_of;

// Of an instruction whose parameters and buffers come as execute() has them.
constexpr size_t kFewParams = 64;
constexpr size_t kFewBuffers = 16;

void run(napi_env env, uint32_t id, std::span<const View> buffers, std::span<const double> params) {
  const auto instructions = thalweg::instructions();
  if (id >= instructions.size()) throw Error("ERR_VALUE", "execute: no such instruction");
  thalweg::execute(instructions[id], buffers, params);
  thalweg::addon::tell_shortage(env);
}

// execute(instruction, number of parameters, ...buffers): of few buffers, with parameters in `params`.
// Plain Node-API and no wrapper: an eager step calls this some forty times.
napi_value execute(napi_env env, napi_callback_info info) {
  return guarded(env, [&]() -> napi_value {
    std::array<napi_value, kFewBuffers + 2> arguments;
    size_t count = arguments.size();
    void* context = nullptr;
    napi_get_cb_info(env, info, &count, arguments.data(), nullptr, &context);
    if (count < 2 || count > arguments.size()) throw Error("ERR_VALUE", "execute: wrong number of arguments");

    uint32_t id = 0;
    uint32_t param_count = 0;
    napi_get_value_uint32(env, arguments[0], &id);
    napi_get_value_uint32(env, arguments[1], &param_count);
    auto& environment = *static_cast<Environment*>(context);
    const View params = to_view(env, environment.params.Value());
    if (param_count > kFewParams || static_cast<int64_t>(param_count) > params.count) {
      throw Error("ERR_VALUE", "execute: too many parameters");
    }

    std::array<View, kFewBuffers> buffers;
    for (size_t i = 2; i < count; ++i) buffers[i - 2] = to_view(env, arguments[i]);
    run(env, id, {buffers.data(), count - 2}, {static_cast<const double*>(params.data), param_count});
    return nullptr;
  });
}

// executeMany(instruction, parameters: Float64Array, buffers: an array): of any number of both.
void execute_many(const Napi::CallbackInfo& info) {
  guarded(info.Env(), [&] {
    const View params = to_view(info.Env(), info[1]);
    if (params.dtype != thalweg::DType::float64) throw Error("ERR_DTYPE", "execute: expected float64");
    run(info.Env(), info[0].ToNumber().Uint32Value(), views_of(info[2]),
        {static_cast<const double*>(params.data), static_cast<size_t>(params.count)});
  });
}

// onShortage(tell): has `tell(asked, got)` called where there are fewer threads than were asked for.
void on_shortage(const Napi::CallbackInfo& info) {
  guarded(info.Env(), [&] {
    info.Env().GetInstanceData<Environment>()->on_shortage = Napi::Persistent(info[0].As<Napi::Function>());
  });
}

Napi::Array strings(Napi::Env env, const std::vector<std::string>& from) {
  Napi::Array array = Napi::Array::New(env, from.size());
  for (uint32_t i = 0; i < from.size(); ++i) array.Set(i, Napi::String::New(env, from[i]));
  return array;
}

Napi::Object caches_of(Napi::Env env) {
  const thalweg::Caches& caches = thalweg::caches();
  Napi::Object result = Napi::Object::New(env);
  result.Set("first", static_cast<double>(caches.first));
  result.Set("second", static_cast<double>(caches.second));
  result.Set("third", static_cast<double>(caches.third));
  return result;
}

Napi::Value backend_info(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    Napi::Object result = Napi::Object::New(info.Env());
    result.Set("isa", thalweg::kernel_table().isa);
    result.Set("isas", strings(info.Env(), thalweg::available_isas()));
    const std::string lacking = thalweg::lacking_for_next();
    result.Set("lacking", lacking.empty() ? info.Env().Null() : Napi::String::New(info.Env(), lacking));
    result.Set("caches", caches_of(info.Env()));
    result.Set("threads", thalweg::thread_count());
    result.Set("cores", thalweg::usable_cores());
    result.Set("matmul", thalweg::matmul_provider() == thalweg::MatmulProvider::own ? "own" : "cblas");
    result.Set("matmulProviders", strings(info.Env(), thalweg::matmul_providers()));
    return result;
  });
}

void set_threads(const Napi::CallbackInfo& info) {
  guarded(info.Env(), [&] { thalweg::set_thread_count(info[0].ToNumber().Int32Value()); });
}

void set_matmul(const Napi::CallbackInfo& info) {
  guarded(info.Env(), [&] { thalweg::set_matmul_provider(info[0].ToString().Utf8Value()); });
}

void ask_for_huge_pages(const Napi::CallbackInfo& info) {
  guarded(info.Env(), [&] {
    auto buffer = info[0].As<Napi::ArrayBuffer>();
    thalweg::system::ask_for_huge_pages(buffer.Data(), buffer.ByteLength());
  });
}

void fill(Napi::Env env, Napi::Object exports) {
  thalweg::system::stay_loaded();
  thalweg::addon::keep_freed_memory();
  auto made = std::make_unique<Environment>(env);
  env.SetInstanceData(made.get());  // deleted with the environment
  Environment* const environment = made.release();
  const auto params = Napi::Float64Array::New(env, kFewParams);
  environment->params = Napi::Persistent(params);

  exports.Set("instructions", thalweg::addon::descriptions(env));
  exports.Set("params", params);
  exports.Set("fewBuffers", static_cast<double>(kFewBuffers));
  napi_value function;
  napi_create_function(env, "execute", NAPI_AUTO_LENGTH, execute, environment, &function);
  exports.Set("execute", Napi::Value(env, function));
  exports.Set("executeMany", Napi::Function::New(env, execute_many, "executeMany"));
  exports.Set("onShortage", Napi::Function::New(env, on_shortage, "onShortage"));
  exports.Set("Memory", thalweg::addon::MemoryObject::define(env));
  exports.Set("Program", thalweg::addon::ProgramObject::define(env));
  exports.Set("backendInfo", Napi::Function::New(env, backend_info, "backendInfo"));
  exports.Set("setThreads", Napi::Function::New(env, set_threads, "setThreads"));
  exports.Set("setMatmul", Napi::Function::New(env, set_matmul, "setMatmul"));
  exports.Set("askForHugePages", Napi::Function::New(env, ask_for_huge_pages, "askForHugePages"));
}

Napi::Object initialise(Napi::Env env, Napi::Object exports) {
  guarded(env, [&] { fill(env, exports); });
  return exports;
}

NODE_API_MODULE(thalweg, initialise)

}  // namespace

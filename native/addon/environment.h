// What belongs to one environment: the main thread or a worker. Nothing else in the addon has state.
#pragma once

#include <napi.h>

#include <optional>

#include "../engine/threads.h"
#include "background.h"

namespace thalweg::addon {

struct Environment {
  explicit Environment(Napi::Env env) : background(env) {}

  // JavaScript writes an instruction's parameters here and then calls execute(): cheaper than to pass
  // them. The reference keeps the array from being collected.
  Napi::Reference<Napi::Float64Array> params;
  Background background;
  // Called with the number of threads that were asked for, and that of those that there are.
  Napi::FunctionReference on_shortage;
};

// Tells JavaScript where there are fewer threads than were asked for. For its own thread only.
inline void tell_shortage(Napi::Env env) {
  const std::optional<Shortage> shortage = take_shortage();
  if (!shortage) return;
  const Napi::FunctionReference& tell = env.GetInstanceData<Environment>()->on_shortage;
  if (tell.IsEmpty()) return;
  tell.Call({Napi::Number::New(env, shortage->asked), Napi::Number::New(env, shortage->got)});
}

}  // namespace thalweg::addon

// What belongs to one environment: the main thread or a worker. Nothing else in the addon has state.
#pragma once

#include <napi.h>

#include "background.h"

namespace thalweg::addon {

struct Environment {
  explicit Environment(Napi::Env env) : background(env) {}

  // JavaScript writes an instruction's parameters here and then calls execute(): cheaper than to pass
  // them. The reference keeps the array from being collected.
  Napi::Reference<Napi::Float64Array> params;
  Background background;
};

}  // namespace thalweg::addon

// The descriptions of instructions, as JavaScript is told them.
#pragma once

#include <napi.h>

namespace thalweg::addon {

// An array of them, by their numbers.
Napi::Array descriptions(Napi::Env env);

}  // namespace thalweg::addon

// The caches of a core, by which products are cut into blocks.
#pragma once

#include "../kernels/types.h"

namespace thalweg {

// As the system tells them, or as THALWEG_CACHES names them: "32k,512k,16m". What the system does not tell is
// that of a small core. Throws Error "ERR_VALUE" for a THALWEG_CACHES of another form.
const Caches& caches();

// Reads a number of bytes such as "512k" or "16M", and moves `text` to what follows it. Returns 0 if there is
// no such number.
int64_t read_bytes(const char*& text);

}  // namespace thalweg

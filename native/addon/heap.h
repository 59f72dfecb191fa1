// How the C library treats the memory of large arrays, which Node takes from it.
#pragma once

namespace thalweg::addon {

// Has glibc keep the memory of freed arrays of up to 32 MiB for those that come next, up to 64 MiB of it,
// where else each would have its pages from the kernel anew and give them back: for a product of 512 · 512
// numbers that takes a quarter of its time. What the user chose for malloc stays. Once in a process is
// enough, and more does nothing.
void keep_freed_memory();

}  // namespace thalweg::addon

// The rotations that a QL step does to the rows of Qᵀ. They are kept until there are many, and then a panel
// of Qᵀ goes through all of them while it is in the first-level cache.
#pragma once

#include "math.h"
#include "vector.h"

namespace thalweg::THALWEG_ISA {
namespace {

// Columns of a panel: two cache lines.
template <typename T>
constexpr int64_t kPanel = 2 * Tuning::cache_line_bytes / static_cast<int64_t>(sizeof(T));

template <typename T>
class Rotations {
 public:
  static constexpr int64_t kKept = 2048;   // rotations
  static constexpr int64_t kSweeps = 256;  // sequences of them

  struct Sweep {
    int64_t last, count;
  };
  struct Rotation {
    T cosine, sine;
  };

  // q: panels [⌈n / kPanel⌉, n, kPanel] of Qᵀ [n, n].
  Rotations(int64_t n, T* q, Rotation* kept, Sweep* sweeps) : n_(n), q_(q), kept_(kept), sweeps_(sweeps) {}

  static int64_t room(int64_t n) { return n > kKept ? n : kKept; }

  // Rotations of the rows last − 1 and last, then of last − 2 and last − 1, and so on.
  void begin(int64_t last) {
    if (used_ + last > room(n_) || swept_ == kSweeps) apply();
    sweeps_[swept_] = {last, 0};
  }
  void add(T cosine, T sine) { kept_[used_ + sweeps_[swept_].count++] = {cosine, sine}; }
  void end() { used_ += sweeps_[swept_++].count; }

  void apply() {
    for (int64_t p = 0; p * kPanel<T> < n_; ++p) {
      const Rotation* rotations = kept_;
      for (int64_t s = 0; s < swept_; ++s) {
        rotate(q_ + (p * n_ + sweeps_[s].last) * kPanel<T>, rotations, sweeps_[s].count);
        rotations += sweeps_[s].count;
      }
    }
    used_ = 0;
    swept_ = 0;
  }

 private:
  // Each row but the first and last is in two rotations: between them it stays in registers.
  static void rotate(T* last, const Rotation* rotations, int64_t count) {
    constexpr int64_t L = kLanes<T>;
    constexpr int64_t kVectors = kPanel<T> / L;
    Vector<T> own[kVectors];
#pragma GCC unroll 8
    for (int64_t v = 0; v < kVectors; ++v) own[v] = load(last + v * L);
    T* row = last;
    for (int64_t i = 0; i < count; ++i, row -= kPanel<T>) {
      const auto [cosine, sine] = rotations[i];
#pragma GCC unroll 8
      for (int64_t v = 0; v < kVectors; ++v) {
        const Vector<T> next = load(row - kPanel<T> + v * L);
        store(row + v * L, sine * next + cosine * own[v]);
        // The product that need not wait is formed by itself: from row to row there is one multiply-add to
        // wait for.
        own[v] = in_register(cosine * next) - sine * own[v];
      }
    }
#pragma GCC unroll 8
    for (int64_t v = 0; v < kVectors; ++v) store(row + v * L, own[v]);
  }

  int64_t n_;
  T* q_;
  Rotation* kept_;
  Sweep* sweeps_;
  int64_t used_ = 0;
  int64_t swept_ = 0;
};

}  // namespace
}  // namespace thalweg::THALWEG_ISA

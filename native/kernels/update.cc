// What an optimizer does to its parameters: one pass over w, dw and state, elements [begin, end).
//
// What does not change from element to element is decided or computed before the loop. A term whose
// factor is 0 is left out, not multiplied: 0·∞ would make a NaN that PyTorch does not make.
#include "update.h"

#include "isa/namespace.h"
#include "math.h"

namespace thalweg::THALWEG_ISA {
namespace {

// --- sgd -----------------------------------------------------------------------------------------

enum class Momentum { none, first, later };

template <typename T, Momentum kMomentum, bool kNesterov, bool kDecay>
void sgd_pass(const SgdCall<T>& c, int64_t begin, int64_t end) {
  T* w = c.w;
  const T* dw = c.dw;
  T* velocity = c.velocity;
  const T lr = static_cast<T>(c.lr), momentum = static_cast<T>(c.momentum);
  const T share = static_cast<T>(1 - c.dampening), decay = static_cast<T>(c.weight_decay);
  const T sign = c.maximize ? T(-1) : T(1);
#pragma omp simd
  for (int64_t i = begin; i < end; ++i) {
    T g = sign * dw[i];
    if constexpr (kDecay) g = g + decay * w[i];
    if constexpr (kMomentum != Momentum::none) {
      T v = g;
      if constexpr (kMomentum == Momentum::later) v = momentum * velocity[i] + share * g;
      velocity[i] = v;
      g = kNesterov ? g + momentum * v : v;
    }
    w[i] = w[i] - lr * g;
  }
}

template <typename T, Momentum kMomentum, bool kNesterov>
void sgd_with(const SgdCall<T>& c, int64_t begin, int64_t end) {
  if (c.weight_decay != 0) return sgd_pass<T, kMomentum, kNesterov, true>(c, begin, end);
  sgd_pass<T, kMomentum, kNesterov, false>(c, begin, end);
}

template <typename T>
void sgd(const SgdCall<T>& c, int64_t begin, int64_t end) {
  if (c.momentum == 0) return sgd_with<T, Momentum::none, false>(c, begin, end);
  if (c.first && c.nesterov) return sgd_with<T, Momentum::first, true>(c, begin, end);
  if (c.first) return sgd_with<T, Momentum::first, false>(c, begin, end);
  if (c.nesterov) return sgd_with<T, Momentum::later, true>(c, begin, end);
  sgd_with<T, Momentum::later, false>(c, begin, end);
}

// --- adam ----------------------------------------------------------------------------------------

enum class Decay { none, added, decoupled };

template <typename T, Decay kDecay, bool kMax>
void adam_pass(const AdamCall<T>& c, int64_t begin, int64_t end) {
  T* w = c.w;
  const T* dw = c.dw;
  T* m = c.m;
  T* v = c.v;
  T* v_max = c.v_max;
  const double correction1 = 1 - __builtin_pow(c.beta1, c.step);
  const double correction2 = 1 - __builtin_pow(c.beta2, c.step);
  const T step_size = static_cast<T>(c.lr / correction1);
  const T root_scale = static_cast<T>(1 / __builtin_sqrt(correction2));
  const T share1 = static_cast<T>(1 - c.beta1), share2 = static_cast<T>(1 - c.beta2);
  const T beta2 = static_cast<T>(c.beta2), eps = static_cast<T>(c.eps);
  const T decay = static_cast<T>(c.weight_decay), shrink = static_cast<T>(1 - c.lr * c.weight_decay);
  const T sign = c.maximize ? T(-1) : T(1);
#pragma omp simd
  for (int64_t i = begin; i < end; ++i) {
    T weight = w[i];
    T g = sign * dw[i];
    if constexpr (kDecay == Decay::added) g = g + decay * weight;
    if constexpr (kDecay == Decay::decoupled) weight = weight * shrink;
    const T first = m[i] + share1 * (g - m[i]);
    const T second = beta2 * v[i] + share2 * (g * g);
    m[i] = first;
    v[i] = second;
    T bound = second;
    if constexpr (kMax) {
      // A NaN on either side wins.
      bound = ((v_max[i] > second) | (v_max[i] != v_max[i])) ? v_max[i] : second;
      v_max[i] = bound;
    }
    w[i] = weight - step_size * (first / (sqrt_(bound) * root_scale + eps));
  }
}

template <typename T, Decay kDecay>
void adam_with(const AdamCall<T>& c, int64_t begin, int64_t end) {
  if (c.v_max != nullptr) return adam_pass<T, kDecay, true>(c, begin, end);
  adam_pass<T, kDecay, false>(c, begin, end);
}

template <typename T>
void adam(const AdamCall<T>& c, int64_t begin, int64_t end) {
  if (c.weight_decay == 0) return adam_with<T, Decay::none>(c, begin, end);
  if (c.decoupled) return adam_with<T, Decay::decoupled>(c, begin, end);
  adam_with<T, Decay::added>(c, begin, end);
}

}  // namespace

void add_update(Table& table) {
  table.sgd_f32 = sgd<float>;
  table.sgd_f64 = sgd<double>;
  table.adam_f32 = adam<float>;
  table.adam_f64 = adam<double>;
}

}  // namespace thalweg::THALWEG_ISA

// The naive twin of ../update.cc: the formulas of ../update.h, one element at a time, in double.
#include "../update.h"

#include "../isa/namespace.h"

namespace thalweg::THALWEG_ISA {
namespace {

// The gradient of element i.
template <typename T>
double at(const Gradient<T>& dw, int64_t i) {
  if (dw.factors == nullptr) return dw.elements[i];
  return static_cast<double>(dw.factors[i / dw.columns]) * dw.elements[i % dw.columns];
}

// Rows as elements, where the call counts rows.
template <typename T>
int64_t elements(const Gradient<T>& dw, int64_t count) {
  return dw.factors == nullptr ? count : count * dw.columns;
}

template <typename T>
void sgd(const SgdCall<T>& c, int64_t begin, int64_t end) {
  for (int64_t i = elements(c.dw, begin); i < elements(c.dw, end); ++i) {
    double g = c.maximize ? -at(c.dw, i) : at(c.dw, i);
    if (c.weight_decay != 0) g += c.weight_decay * c.w[i];
    if (c.momentum != 0) {
      const double v = c.first ? g : c.momentum * c.velocity[i] + (1 - c.dampening) * g;
      c.velocity[i] = static_cast<T>(v);
      g = c.nesterov ? g + c.momentum * v : v;
    }
    c.w[i] = static_cast<T>(c.w[i] - c.lr * g);
  }
}

template <typename T>
void adam(const AdamCall<T>& c, int64_t begin, int64_t end) {
  const double bias_correction1 = 1 - __builtin_pow(c.beta1, c.step);
  const double bias_correction2 = 1 - __builtin_pow(c.beta2, c.step);
  for (int64_t i = elements(c.dw, begin); i < elements(c.dw, end); ++i) {
    double w = c.w[i];
    double g = c.maximize ? -at(c.dw, i) : at(c.dw, i);
    if (c.weight_decay != 0 && c.decoupled) w *= 1 - c.lr * c.weight_decay;
    if (c.weight_decay != 0 && !c.decoupled) g += c.weight_decay * w;
    const double m = c.beta1 * c.m[i] + (1 - c.beta1) * g;
    const double v = c.beta2 * c.v[i] + (1 - c.beta2) * g * g;
    double second = v;
    c.m[i] = static_cast<T>(m);
    c.v[i] = static_cast<T>(v);
    if (c.v_max != nullptr) {
      if (!(c.v_max[i] >= v)) c.v_max[i] = static_cast<T>(v);
      second = c.v_max[i];
    }
    const double divisor = __builtin_sqrt(second) / __builtin_sqrt(bias_correction2) + c.eps;
    c.w[i] = static_cast<T>(w - c.lr / bias_correction1 * m / divisor);
  }
}

}  // namespace

void add_update(Table& table) {
  table.sgd = {sgd<float>, sgd<double>};
  table.adam = {adam<float>, adam<double>};
  table.next_products = false;
}

}  // namespace thalweg::THALWEG_ISA

// The updates of optimizers: one pass over w, dw and state, vector by vector.
//
// What is the same for all elements is decided or computed before the loop. A term whose
// factor is 0 is left out, not multiplied: 0·∞ would make a NaN that PyTorch does not make.
#include "update.h"

#include "dot.h"
#include "isa/namespace.h"
#include "vector-math.h"

namespace thalweg::THALWEG_ISA {
namespace {

// A rule of descent has `kParts` arrays that it reads and writes, the weights first. It is called with one
// vector of each and of dw; the gradient is factor · dw.
template <typename Rule>
using Number = typename Rule::Number;
template <typename Rule>
using PartsOf = Vector<Number<Rule>>[Rule::kParts];

// The elements [at, at + lanes); gives the new weights.
template <typename Rule>
inline __attribute__((always_inline)) Vector<Number<Rule>> update_vector(const Rule& rule, int64_t at,
                                                                         Number<Rule> factor,
                                                                         Vector<Number<Rule>> dw) {
  PartsOf<Rule> parts;
  for (int p = 0; p < Rule::kParts; ++p) parts[p] = load(rule.part[p] + at);
  rule(parts, factor, dw);
  for (int p = 0; p < Rule::kParts; ++p) store(rule.part[p] + at, parts[p]);
  return parts[0];
}

// The last elements up to `end`, less than a vector; gives their new weights.
template <typename Rule>
inline __attribute__((always_inline)) Vector<Number<Rule>> update_last(const Rule& rule, int64_t end,
                                                                       Number<Rule> factor,
                                                                       Vector<Number<Rule>> dw,
                                                                       const LastLanes<Number<Rule>>& last) {
  PartsOf<Rule> parts;
  for (int p = 0; p < Rule::kParts; ++p) parts[p] = last.load_before(rule.part[p] + end);
  rule(parts, factor, dw);
  for (int p = 0; p < Rule::kParts; ++p) last.store_before(rule.part[p] + end, parts[p]);
  return last.only(parts[0]);
}

// Less than a vector of elements.
template <typename Rule, typename T>
void update_few(const Rule& rule, int64_t at, T factor, const T* dw, int64_t n) {
  const auto size = static_cast<size_t>(n) * sizeof(T);
  PartsOf<Rule> parts = {};
  Vector<T> gradient = {};
  __builtin_memcpy(&gradient, dw, size);
  for (int p = 0; p < Rule::kParts; ++p) __builtin_memcpy(&parts[p], rule.part[p] + at, size);
  rule(parts, factor, gradient);
  for (int p = 0; p < Rule::kParts; ++p) __builtin_memcpy(rule.part[p] + at, &parts[p], size);
}

// The elements [at, at + n).
template <typename Rule, typename T>
inline __attribute__((always_inline)) void update_line(const Rule& rule, int64_t at, T factor, const T* dw,
                                                       int64_t n) {
  constexpr int64_t L = kLanes<T>;
  if (n < L) return update_few(rule, at, factor, dw, n);
  int64_t i = 0;
  for (; i + L <= n; i += L) update_vector(rule, at + i, factor, load(dw + i));
  if (i == n) return;
  const LastLanes<T> last(n - i);
  update_last(rule, at + n, factor, last.load_before(dw + n), last);
}

// Updates R rows from `row` on, of n elements, at least a vector, and forms their products with the next x,
// summed as by dots().
template <int R, typename Rule, typename T>
inline __attribute__((always_inline)) void update_and_multiply(const Rule& rule, int64_t row, T sign,
                                                               const Gradient<T>& gradient, const T* x,
                                                               T* y) {
  constexpr int64_t L = kLanes<T>;
  const T* const dw = gradient.elements;
  const int64_t n = gradient.columns;
  DotSum<T> sum[R];
  T factor[R];
  int64_t at[R];
  for (int r = 0; r < R; ++r) factor[r] = sign * gradient.factors[row + r];
  for (int r = 0; r < R; ++r) at[r] = (row + r) * n;
  int64_t k = 0;
  for (; k + 2 * L <= n; k += 2 * L) {
    const Vector<T> dw0 = load(dw + k), dw1 = load(dw + k + L);
    const Vector<T> x0 = load(x + k), x1 = load(x + k + L);
#pragma GCC unroll 4
    for (int r = 0; r < R; ++r) {
      sum[r].even += x0 * update_vector(rule, at[r] + k, factor[r], dw0);
      sum[r].odd += x1 * update_vector(rule, at[r] + k + L, factor[r], dw1);
    }
  }
  if (k + L <= n) {
    const Vector<T> dw0 = load(dw + k);
    const Vector<T> x0 = load(x + k);
#pragma GCC unroll 4
    for (int r = 0; r < R; ++r) sum[r].even += x0 * update_vector(rule, at[r] + k, factor[r], dw0);
    k += L;
  }
  if (k < n) {
    const LastLanes<T> last(n - k);
    const Vector<T> dw1 = last.load_before(dw + n);
    const Vector<T> x1 = last.load_before(x + n);
#pragma GCC unroll 4
    for (int r = 0; r < R; ++r) sum[r].odd += x1 * update_last(rule, at[r] + n, factor[r], dw1, last);
  }
  for (int r = 0; r < R; ++r) y[row + r] = sum[r].total();
}

// Updates the elements [begin, end), or the rows where the gradient is an outer product. Inlined, so that the
// rule is in registers: in memory each store of a weight could have changed it.
template <typename Call, typename Rule>
inline __attribute__((always_inline)) void descend(const Call& c, const Rule& rule, int64_t begin,
                                                   int64_t end) {
  using T = typename Rule::Number;
  constexpr int kRows = Tuning::update_rows;  // at a time
  const T sign = c.maximize ? T(-1) : T(1);
  const Gradient<T>& dw = c.dw;
  if (dw.factors == nullptr) return update_line(rule, begin, sign, dw.elements + begin, end - begin);
  const int64_t n = dw.columns;
  int64_t r = begin;
  const T* const x = c.next.x;
  if (x == nullptr) {
    for (; r < end; ++r) update_line(rule, r * n, sign * dw.factors[r], dw.elements, n);
    return;
  }
  for (; r + kRows <= end; r += kRows) update_and_multiply<kRows>(rule, r, sign, dw, x, c.next.y);
  for (; r < end; ++r) update_and_multiply<1>(rule, r, sign, dw, x, c.next.y);
}

// The weights that tiles of their gradient update.
template <typename Rule>
struct Weights {
  Rule rule;
  Number<Rule> sign;
  int64_t columns;
};

template <typename Rule>
void expect_tile(const void* self, int64_t i, int64_t j, int64_t rows, int64_t columns) {
  constexpr int64_t kLineOf = Tuning::cache_line_bytes / static_cast<int64_t>(sizeof(Number<Rule>));
  const auto& weights = *static_cast<const Weights<Rule>*>(self);
  for (int64_t r = i; r < i + rows; ++r) {
    for (int p = 0; p < Rule::kParts; ++p) {
      const auto* const line = weights.rule.part[p] + r * weights.columns + j;
      for (int64_t at = 0; at < columns; at += kLineOf) __builtin_prefetch(line + at, 1, 2);
    }
  }
}

template <typename Rule, typename T>
void update_tile(const void* self, int64_t i, int64_t j, const T* dw, int64_t stride, int64_t rows,
                 int64_t columns) {
  const Weights<Rule> weights = *static_cast<const Weights<Rule>*>(self);
  for (int64_t r = 0; r < rows; ++r) {
    update_line(weights.rule, (i + r) * weights.columns + j, weights.sign, dw + r * stride, columns);
  }
}

template <typename Call, typename Rule, typename T>
void descend_by_product(const Call& c, const Rule& rule, MatmulCallOf<T> product, MatmulFn<T> multiply,
                        const Team& team) {
  const Weights<Rule> weights = {rule, c.maximize ? T(-1) : T(1), product.N};
  const TileSink<T> sink = {&weights, expect_tile<Rule>, update_tile<Rule, T>};
  product.sink = &sink;
  multiply(product, team);
}

// --- sgd -----------------------------------------------------------------------------------------

enum class Momentum { none, first, later };

template <typename T, Momentum kMomentum, bool kNesterov, bool kDecay>
struct SgdRule {
  using Number = T;
  static constexpr int kParts = kMomentum == Momentum::none ? 1 : 2;

  T* part[2];  // w, velocity
  T lr, momentum, one_minus_dampening, decay;

  explicit SgdRule(const SgdCall<T>& c)
      : part{c.w, c.velocity},
        lr(static_cast<T>(c.lr)),
        momentum(static_cast<T>(c.momentum)),
        one_minus_dampening(static_cast<T>(1 - c.dampening)),
        decay(static_cast<T>(c.weight_decay)) {}

  inline __attribute__((always_inline)) void operator()(Vector<T>* parts, T factor, Vector<T> dw) const {
    Vector<T>& w = parts[0];
    if constexpr (kMomentum == Momentum::none && !kDecay) {
      w = w - (lr * factor) * dw;
      return;
    }
    Vector<T> g = factor * dw;
    if constexpr (kDecay) g = g + decay * w;
    if constexpr (kMomentum != Momentum::none) {
      Vector<T> v = g;
      if constexpr (kMomentum == Momentum::later) v = momentum * parts[1] + one_minus_dampening * g;
      parts[1] = v;
      g = kNesterov ? g + momentum * v : v;
    }
    w = w - lr * g;
  }
};

// Calls use with the rule that the call asks for.
template <Momentum kMomentum, bool kNesterov, typename T, typename Use>
inline __attribute__((always_inline)) void with_momentum(const SgdCall<T>& c, const Use& use) {
  if (c.weight_decay != 0) return use(SgdRule<T, kMomentum, kNesterov, true>(c));
  use(SgdRule<T, kMomentum, kNesterov, false>(c));
}

template <typename T, typename Use>
inline __attribute__((always_inline)) void with_rule(const SgdCall<T>& c, const Use& use) {
  if (c.momentum == 0) return with_momentum<Momentum::none, false>(c, use);
  if (c.first && c.nesterov) return with_momentum<Momentum::first, true>(c, use);
  if (c.first) return with_momentum<Momentum::first, false>(c, use);
  if (c.nesterov) return with_momentum<Momentum::later, true>(c, use);
  with_momentum<Momentum::later, false>(c, use);
}

// --- adam ----------------------------------------------------------------------------------------

enum class Decay { none, added, decoupled };

template <typename T, Decay kDecay, bool kMax>
struct AdamRule {
  using Number = T;
  static constexpr int kParts = kMax ? 4 : 3;

  T* part[4];  // w, m, v, v_max
  // step_size and root_correction hold the bias corrections 1/(1 − β1ᵗ) and 1/√(1 − β2ᵗ).
  T step_size, root_correction, one_minus_beta1, one_minus_beta2, beta2, eps, decay, shrink;
  bool is_usual;  // the size of eps: with any v, the divisor is one for quotient()

  explicit AdamRule(const AdamCall<T>& c)
      : part{c.w, c.m, c.v, c.v_max},
        step_size(static_cast<T>(c.lr / (1 - __builtin_pow(c.beta1, c.step)))),
        root_correction(static_cast<T>(1 / __builtin_sqrt(1 - __builtin_pow(c.beta2, c.step)))),
        one_minus_beta1(static_cast<T>(1 - c.beta1)),
        one_minus_beta2(static_cast<T>(1 - c.beta2)),
        beta2(static_cast<T>(c.beta2)),
        eps(static_cast<T>(c.eps)),
        decay(static_cast<T>(c.weight_decay)),
        shrink(static_cast<T>(1 - c.lr * c.weight_decay)),
        is_usual(c.eps > kLeastDivisor && c.eps < kMostDivisor) {}

  inline __attribute__((always_inline)) void operator()(Vector<T>* parts, T factor, Vector<T> dw) const {
    Vector<T> g = factor * dw;
    Vector<T>& w = parts[0];
    Vector<T>& m = parts[1];
    Vector<T>& v = parts[2];
    if constexpr (kDecay == Decay::added) g = g + decay * w;
    if constexpr (kDecay == Decay::decoupled) w = w * shrink;
    // The moving averages.
    m = m + one_minus_beta1 * (g - m);
    v = beta2 * v + one_minus_beta2 * (g * g);
    Vector<T> bound = v;
    if constexpr (kMax) {
      // A NaN on either side wins.
      bound = ((parts[3] > v) | (parts[3] != parts[3])) ? parts[3] : v;
      parts[3] = bound;
    }
    const Vector<T> d = root<T>(bound) * root_correction + eps;
    w = w - step_size * (is_usual ? quotient(m, d) : m / d);
  }
};

template <Decay kDecay, typename T, typename Use>
inline __attribute__((always_inline)) void with_decay(const AdamCall<T>& c, const Use& use) {
  if (c.v_max != nullptr) return use(AdamRule<T, kDecay, true>(c));
  use(AdamRule<T, kDecay, false>(c));
}

template <typename T, typename Use>
inline __attribute__((always_inline)) void with_rule(const AdamCall<T>& c, const Use& use) {
  if (c.weight_decay == 0) return with_decay<Decay::none>(c, use);
  if (c.decoupled) return with_decay<Decay::decoupled>(c, use);
  with_decay<Decay::added>(c, use);
}

// --- both ----------------------------------------------------------------------------------------

template <typename Call>
void update(const Call& c, int64_t begin, int64_t end) {
  with_rule(
      c, [&](const auto& rule) __attribute__((always_inline)) { descend(c, rule, begin, end); });
}

template <typename Call, typename T>
void update_by_product(const Call& c, const MatmulCallOf<T>& product, MatmulFn<T> multiply,
                       const Team& team) {
  with_rule(c, [&](const auto& rule) { descend_by_product(c, rule, product, multiply, team); });
}

}  // namespace

void add_update(Table& table) {
  table.sgd = {update<SgdCall<float>>, update<SgdCall<double>>};
  table.adam = {update<AdamCall<float>>, update<AdamCall<double>>};
  table.next_products = true;
  table.sgd_product = {update_by_product<SgdCall<float>, float>, update_by_product<SgdCall<double>, double>};
  table.adam_product = {update_by_product<AdamCall<float>, float>,
                        update_by_product<AdamCall<double>, double>};
}

}  // namespace thalweg::THALWEG_ISA

// One random number of a distribution, from the attempts of one counter. Each element of a tensor has a
// counter of its own, so that how often one is rejected changes no other.
//
// All compute in double with additions, products, quotients, roots and the functions of kernels/math.h: the
// bits do not depend on the C library.
#pragma once

#include <cstdint>

#include "../kernels/philox.h"
#include "../kernels/stirling.h"

namespace thalweg {

// Random numbers of one counter, a block of four words at a time.
class Attempts {
 public:
  Attempts(uint64_t seed, uint64_t counter) : seed_(seed), counter_(counter) {}

  // A rejection takes less than three of four attempts, mostly less than one of four: a loop over this many
  // never ends without a number, but with a probability below 1e-500. The number is NaN then.
  static constexpr uint32_t kMost = 8192;

  // Two words of 64 bits; false after the last attempt.
  bool next(uint64_t& a, uint64_t& b) {
    if (attempt_ == kMost) return false;
    const Words w = philox(seed_, counter_, attempt_++);
    a = uint64_t{w.of[0]} << 32 | w.of[1];
    b = uint64_t{w.of[2]} << 32 | w.of[3];
    return true;
  }

 private:
  uint64_t seed_, counter_;
  uint32_t attempt_ = 0;
};

// U(0, 1) from the high bits of a word: the middles of 2^bits intervals.
template <int kBits>
inline double uniform_inside(uint64_t word) {
  return (static_cast<double>(word >> (64 - kBits)) + 0.5) / static_cast<double>(uint64_t{1} << kBits);
}
inline double uniform_inside(uint64_t word) { return uniform_inside<52>(word); }

// --- gamma ---------------------------------------------------------------------------------------

// A number of the standard gamma distribution, density x^(α − 1)·e^(−x)/Γ(α): the number and, for α < 1, what
// to add to its logarithm.
struct GammaDraw {
  double x, shift;
};

// G. Marsaglia and W. W. Tsang, "A simple method for generating gamma variables", 2000: a normal number by
// Marsaglia's polar method, cubed. For α < 1 x of α + 1, times U^(1/α).
inline GammaDraw draw_gamma(Attempts& attempts, double alpha) {
  constexpr int kShare = 21;  // bits of each word for the third uniform number
  const double d = (alpha < 1 ? alpha + 1 : alpha) - 1.0 / 3;
  const double c = 1 / (3 * sqrt_(d));
  uint64_t a, b;
  while (attempts.next(a, b)) {
    const double x = 2 * uniform_inside<64 - kShare>(a) - 1;
    const double y = 2 * uniform_inside<64 - kShare>(b) - 1;
    const double square = x * x + y * y;
    if (square >= 1) continue;
    const double z = x * sqrt_(-2 * log_(square) / square);
    const double t = c * z;
    if (t <= -1) continue;
    const double more = t * (3 + t * (3 + t));  // (1 + t)³ − 1
    const uint64_t low = (uint64_t{1} << kShare) - 1;
    const double u = uniform_inside<2 * kShare>((a & low) << (64 - kShare) | (b & low) << (64 - 2 * kShare));
    const double z2 = z * z;
    const bool is_taken = u < 1 - 0.0331 * z2 * z2 || log_(u) < 0.5 * z2 + d * log1p_minus_x(more);
    if (!is_taken) continue;
    const double result = d * (1 + more);
    if (alpha >= 1) return {result, 0};
    if (!attempts.next(a, b)) break;
    return {result, log_(uniform_inside(a)) / alpha};
  }
  return {__builtin_nan(""), 0};
}

struct StandardGamma {
  static constexpr int kParameters = 1;
  static constexpr const char* kExpected = "alpha to be above 0 and finite";
  static bool accepts(const double* of) { return of[0] > 0 && of[0] < __builtin_huge_val(); }
  static double draw(Attempts attempts, const double* of) {
    const GammaDraw drawn = draw_gamma(attempts, of[0]);
    return drawn.shift == 0 ? drawn.x : exp_(log_(drawn.x) + drawn.shift);
  }
};

struct LogStandardGamma : StandardGamma {
  static double draw(Attempts attempts, const double* of) {
    const GammaDraw drawn = draw_gamma(attempts, of[0]);
    return log_(drawn.x) + drawn.shift;
  }
};

// --- counts --------------------------------------------------------------------------------------

// Below this mean counts are found by adding up probabilities from 0 on.
constexpr double kSmallMean = 10;
// The grid of a uniform number: where all that is left is less likely, no number lies there.
constexpr double kGrid = 0x1p-53;

// Logarithm of the Poisson probability of a count k, by C. Loader's saddle-point expansion, in which no large
// terms cancel: −δ(k) − D(k, λ) − ½·ln 2πk.
inline double log_poisson(double k, double rate) {
  if (k == 0) return -rate;
  return -stirling_error(k) - deviance(k, rate) - kHalfLog2Pi - 0.5 * log_(k);
}

struct Poisson {
  static constexpr int kParameters = 1;
  static constexpr const char* kExpected = "the rate to be at least 0 and finite";
  static bool accepts(const double* of) { return of[0] >= 0 && of[0] < __builtin_huge_val(); }

  static double draw(Attempts attempts, const double* of) {
    return of[0] < kSmallMean ? draw_small(attempts, of[0]) : draw_large(attempts, of[0]);
  }

 private:
  static double draw_small(Attempts& attempts, double rate) {
    uint64_t a, b;
    attempts.next(a, b);
    double left = uniform_inside(a);
    double probability = exp_(-rate);
    double k = 0;
    while (left > probability && !(k > rate && probability < kGrid)) {
      left -= probability;
      k += 1;
      probability *= rate / k;
    }
    return k;
  }

  // W. Hörmann, "The transformed rejection method for generating Poisson random variables", 1993: PTRS.
  static double draw_large(Attempts& attempts, double rate) {
    const double b = 0.931 + 2.53 * sqrt_(rate);
    const double a = -0.059 + 0.02483 * b;
    const double inverse_alpha = 1.1239 + 1.1328 / (b - 3.4);
    const double at_once = 0.9277 - 3.6224 / (b - 2);
    uint64_t first, second;
    while (attempts.next(first, second)) {
      const double u = uniform_inside(first) - 0.5;
      const double v = uniform_inside(second);
      const double us = 0.5 - __builtin_fabs(u);
      const double k = __builtin_floor((2 * a / us + b) * u + rate + 0.43);
      if (us >= 0.07 && v <= at_once) return k;
      if (k < 0 || (us < 0.013 && v > us)) continue;
      if (log_(v * inverse_alpha / (a / (us * us) + b)) <= log_poisson(k, rate)) return k;
    }
    return __builtin_nan("");
  }
};

struct Binomial {
  static constexpr int kParameters = 2;
  static constexpr const char* kExpected = "the count to be a whole number from 0 on and p to be in [0, 1]";
  static bool accepts(const double* of) {
    const double n = of[0], p = of[1];
    return n >= 0 && n < __builtin_huge_val() && n == __builtin_floor(n) && p >= 0 && p <= 1;
  }

  static double draw(Attempts attempts, const double* of) {
    const double n = of[0];
    const bool is_likely = of[1] > 0.5;
    const double p = is_likely ? 1 - of[1] : of[1];
    const double k = n * p < kSmallMean ? draw_small(attempts, n, p) : draw_large(attempts, n, p);
    return is_likely ? n - k : k;
  }

 private:
  static double draw_small(Attempts& attempts, double n, double p) {
    uint64_t a, b;
    attempts.next(a, b);
    double left = uniform_inside(a);
    double probability = exp_(n * log1p_(-p));
    const double odds = p / (1 - p);
    double k = 0;
    while (k < n && left > probability && !(k > n * p && probability < kGrid)) {
      left -= probability;
      probability *= odds * (n - k) / (k + 1);
      k += 1;
    }
    return k;
  }

  // Logarithm of the probability of k of n, but for a term that is the same for every k.
  static double log_probability(double k, double n, double p) {
    return log_poisson(k, n * p) + log_poisson(n - k, n * (1 - p));
  }

  // W. Hörmann, "The generation of binomial random variates", 1993: BTRS.
  static double draw_large(Attempts& attempts, double n, double p) {
    const double deviation = sqrt_(n * p * (1 - p));
    const double b = 1.15 + 2.53 * deviation;
    const double a = -0.0873 + 0.0248 * b + 0.01 * p;
    const double c = n * p + 0.5;
    const double at_once = 0.92 - 4.2 / b;
    uint64_t first, second;
    while (attempts.next(first, second)) {
      const double u = uniform_inside(first) - 0.5;
      double v = uniform_inside(second);
      const double us = 0.5 - __builtin_fabs(u);
      const double k = __builtin_floor((2 * a / us + b) * u + c);
      if (us >= 0.07 && v <= at_once) return k;
      if (k < 0 || k > n) continue;
      const double alpha = (2.83 + 5.1 / b) * deviation;
      const double mode = __builtin_floor((n + 1) * p);
      v *= alpha / (a / (us * us) + b);
      if (log_(v) <= log_probability(k, n, p) - log_probability(mode, n, p)) return k;
    }
    return __builtin_nan("");
  }
};

}  // namespace thalweg

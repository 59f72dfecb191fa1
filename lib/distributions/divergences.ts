// KL(p ‖ q) for pairs of different families (torch.distributions.kl). Those of one family stand in its file.
import { add } from "../ops/add.js";
import { digamma } from "../ops/digamma.js";
import { div } from "../ops/div.js";
import { erf } from "../ops/erf.js";
import { exp } from "../ops/exp.js";
import { greater } from "../ops/greater.js";
import { less } from "../ops/less.js";
import { lgamma } from "../ops/lgamma.js";
import { log } from "../ops/log.js";
import { log1p } from "../ops/log1p.js";
import { logicalOr } from "../ops/logical-or.js";
import { mul } from "../ops/mul.js";
import { neg } from "../ops/neg.js";
import { reciprocal } from "../ops/reciprocal.js";
import { square } from "../ops/square.js";
import { sub } from "../ops/sub.js";
import { where } from "../ops/where.js";
import { full } from "../tensor/create.js";
import { broadcast } from "../tensor/shape.js";
import type { Tensor } from "../tensor/tensor.js";
import { Bernoulli } from "./bernoulli.js";
import { Beta } from "./beta.js";
import { Binomial } from "./binomial.js";
import type { Distribution } from "./distribution.js";
import { EULER, HALF_LOG_TAU, weighted, xlogy } from "./elementary.js";
import { Exponential } from "./exponential.js";
import { Gamma } from "./gamma.js";
import { Gumbel } from "./gumbel.js";
import { type DistributionClass, defineKL } from "./kl-divergence.js";
import { Laplace } from "./laplace.js";
import { logBeta } from "./log-beta.js";
import { Normal } from "./normal.js";
import { Poisson } from "./poisson.js";
import { Uniform } from "./uniform.js";

/** The sum of all. */
const total = (first: Tensor, ...rest: readonly Tensor[]): Tensor => rest.reduce(add, first);

/** −∫ p·ln q for a normal q and a p of that mean and variance. */
function normalCrossEntropy(q: Normal, mean: Tensor, variance: Tensor): Tensor {
  const distance = div(add(variance, square(sub(mean, q.loc))), square(q.scale));
  return add(add(log(q.scale), HALF_LOG_TAU), mul(distance, 0.5));
}

/** −∫ p·ln q for a gamma distribution q, and a p of that mean and that expectation of ln x. */
function gammaCrossEntropy(q: Gamma, mean: Tensor, meanOfLog: Tensor): Tensor {
  const constant = sub(lgamma(q.concentration), mul(q.concentration, log(q.rate)));
  return add(sub(constant, mul(sub(q.concentration, 1), meanOfLog)), mul(q.rate, mean));
}

/** −∫ p·ln q for an exponential q and a p of that mean. */
const exponentialCrossEntropy = (q: Exponential, mean: Tensor): Tensor => sub(mul(q.rate, mean), log(q.rate));

/** −∫ p·ln q for a Gumbel q, and a p of that mean and that expectation of e^(−(x − loc)/scale). */
const gumbelCrossEntropy = (q: Gumbel, mean: Tensor, meanOfExp: Tensor): Tensor =>
  total(log(q.scale), div(sub(mean, q.loc), q.scale), meanOfExp);

/** −∫ p·ln q, less p's entropy. */
const fromCross = (p: Distribution, cross: Tensor): Tensor => sub(cross, p.entropy());

/** ∞ for each pair of a batch. */
const infinite = (p: Distribution, q: Distribution): Tensor =>
  full(broadcast("klDivergence", p.batchShape, q.batchShape), Number.POSITIVE_INFINITY, { dtype: p.dtype });

/** ψ(a) − ψ(a + b), the expectation of ln x. */
const betaMeanOfLog = (p: Beta): Tensor =>
  sub(digamma(p.concentration1), digamma(add(p.concentration1, p.concentration0)));

// Values of p that q cannot have.
const UNBOUNDED: readonly DistributionClass<Distribution>[] = [Normal, Laplace, Gumbel];
const HALF_LINES: readonly DistributionClass<Distribution>[] = [Exponential, Gamma];
for (const p of UNBOUNDED) for (const q of [Beta, Exponential, Gamma, Uniform]) defineKL(p, q, infinite);
for (const p of HALF_LINES) for (const q of [Beta, Uniform]) defineKL(p, q, infinite);

defineKL(Bernoulli, Poisson, (p, q) => fromCross(p, sub(q.rate, weighted(p.probs, log(q.rate)))));

defineKL(Beta, Exponential, (p, q) => fromCross(p, exponentialCrossEntropy(q, p.mean)));
defineKL(Beta, Gamma, (p, q) => fromCross(p, gammaCrossEntropy(q, p.mean, betaMeanOfLog(p))));
defineKL(Beta, Normal, (p, q) => fromCross(p, normalCrossEntropy(q, p.mean, p.variance)));
defineKL(
  Beta,
  Uniform,
  (p, q) => {
    const isBeyond = logicalOr(greater(q.low, 0), less(q.high, 1));
    return where(isBeyond, Number.POSITIVE_INFINITY, fromCross(p, q.entropy()));
  },
  ({ floats, values }) => [
    [
      [floats([4], 0.3, 4), floats([4], 0.3, 4)],
      [values([0, -1, 0.5, -1]), values([1, 2, 3, 0.5])],
    ],
  ],
);

defineKL(Exponential, Gamma, (p, q) => {
  const meanOfLog = neg(add(log(p.rate), EULER));
  return fromCross(p, gammaCrossEntropy(q, p.mean, meanOfLog));
});
// E e^(−x/s) = rate·s/(rate·s + 1)
defineKL(Exponential, Gumbel, (p, q) => {
  const product = mul(p.rate, q.scale);
  const meanOfExp = div(mul(exp(div(q.loc, q.scale)), product), add(product, 1));
  return fromCross(p, gumbelCrossEntropy(q, p.mean, meanOfExp));
});
defineKL(Exponential, Normal, (p, q) => fromCross(p, normalCrossEntropy(q, p.mean, p.variance)));

defineKL(Gamma, Exponential, (p, q) => fromCross(p, exponentialCrossEntropy(q, p.mean)));
// E e^(−x/s) = (1 + 1/(rate·s))^(−concentration)
defineKL(Gamma, Gumbel, (p, q) => {
  const decay = mul(p.concentration, log1p(reciprocal(mul(p.rate, q.scale))));
  return fromCross(p, gumbelCrossEntropy(q, p.mean, exp(sub(div(q.loc, q.scale), decay))));
});
defineKL(Gamma, Normal, (p, q) => fromCross(p, normalCrossEntropy(q, p.mean, p.variance)));

defineKL(Gumbel, Normal, (p, q) => fromCross(p, normalCrossEntropy(q, p.mean, p.variance)));
defineKL(Laplace, Normal, (p, q) => fromCross(p, normalCrossEntropy(q, p.mean, p.variance)));

// E e^(−(x − loc)/s) = exp(−d + r²/2) with d the distance of the locations and r the ratio of the scales.
defineKL(Normal, Gumbel, (p, q) => {
  const distance = div(sub(p.loc, q.loc), q.scale);
  const meanOfExp = exp(sub(mul(square(div(p.scale, q.scale)), 0.5), distance));
  return fromCross(p, gumbelCrossEntropy(q, p.mean, meanOfExp));
});
// E |x − loc| = √(2/π)·s·e^(−d²/(2·s²)) + d·erf(d/(√2·s)) with s of p.
defineKL(Normal, Laplace, (p, q) => {
  const distance = sub(p.loc, q.loc);
  const d = div(distance, p.scale);
  const spread = mul(mul(p.scale, Math.sqrt(2 / Math.PI)), exp(mul(square(d), -0.5)));
  const expected = add(spread, mul(distance, erf(mul(d, Math.SQRT1_2))));
  return fromCross(p, total(log(q.scale), full([], Math.LN2, { dtype: p.dtype }), div(expected, q.scale)));
});

// ∞, since counts have no bound, but for a rate of 0: then p is 0 for sure, and q says what that costs.
for (const kind of [Bernoulli, Binomial] as const) {
  defineKL<Poisson, Bernoulli | Binomial>(Poisson, kind, (p, q) => {
    const atZero = neg(q.logProb(0));
    return where(greater(p.rate, 0), Number.POSITIVE_INFINITY, atZero);
  });
}

/** The expectation of ln x within (low, high), low ≥ 0. */
function uniformMeanOfLog(low: Tensor, high: Tensor): Tensor {
  const rise = sub(xlogy(high, high), xlogy(low, low));
  return sub(div(rise, sub(high, low)), 1);
}

/** A cross entropy that p has only where its bounds lie within [0, most]; ∞ elsewhere. */
function within(p: Uniform, most: number, cross: (low: Tensor, high: Tensor) => Tensor): Tensor {
  const isBeyond = logicalOr(less(p.low, 0), greater(p.high, most));
  // The formula sees other bounds there: the logarithm of a negative number has no derivative.
  const [low, high] = [where(isBeyond, 0.25, p.low), where(isBeyond, 0.75, p.high)];
  return where(isBeyond, Number.POSITIVE_INFINITY, sub(cross(low, high), p.entropy()));
}

defineKL(
  Uniform,
  Beta,
  (p, q) =>
    within(p, 1, (low, high) => {
      const [a, b] = [sub(q.concentration1, 1), sub(q.concentration0, 1)];
      const [ofX, ofRest] = [uniformMeanOfLog(low, high), uniformMeanOfLog(sub(1, high), sub(1, low))];
      const constant = logBeta(q.concentration1, q.concentration0);
      return sub(constant, add(mul(a, ofX), mul(b, ofRest)));
    }),
  ({ floats, values }) => [
    [
      [values([0, -0.5, 0.5]), values([1, 1, 2])],
      [floats([3], 0.3, 4), floats([3], 0.3, 4)],
    ],
  ],
);
defineKL(
  Uniform,
  Exponential,
  (p, q) =>
    within(p, Number.POSITIVE_INFINITY, (low, high) => exponentialCrossEntropy(q, mul(add(low, high), 0.5))),
  ({ floats, values }) => [[[values([0, -0.5, 0.5]), values([1, 1, 2])], [floats([3], 0.3, 4)]]],
);
defineKL(
  Uniform,
  Gamma,
  (p, q) =>
    within(p, Number.POSITIVE_INFINITY, (low, high) =>
      gammaCrossEntropy(q, mul(add(low, high), 0.5), uniformMeanOfLog(low, high)),
    ),
  ({ floats, values }) => [
    [
      [values([0, -0.5, 0.5]), values([1, 1, 2])],
      [floats([3], 0.3, 4), floats([3], 0.3, 4)],
    ],
  ],
);
// E e^(−z) = (e^(−z_low) − e^(−z_high))/(z_high − z_low)
defineKL(Uniform, Gumbel, (p, q) => {
  const z = (x: Tensor): Tensor => div(sub(x, q.loc), q.scale);
  const [low, high] = [z(p.low), z(p.high)];
  const meanOfExp = div(sub(exp(neg(low)), exp(neg(high))), sub(high, low));
  return fromCross(p, gumbelCrossEntropy(q, p.mean, meanOfExp));
});
defineKL(Uniform, Normal, (p, q) => fromCross(p, normalCrossEntropy(q, p.mean, p.variance)));

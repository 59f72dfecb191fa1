// A small problem whose expectation and gradient are sums over all outcomes: three coins with a black-box cost.
import { Bernoulli } from "../../lib/distributions/index.js";
import type { Samplable } from "../../lib/gradient-estimation/index.js";
import { fromTypedArray, type Tensor, tensor } from "../../lib/index.js";

export const LOGITS = [0.4, -0.8, 1.1];
export const COSTS = [9, 12, 10.5, 14, 8, 13, 11, 10];

/** The same coins this many times: as many estimates that do not depend on each other. */
export const theta = (count: number): Tensor =>
  tensor(
    Array.from({ length: count }, () => LOGITS),
    { dtype: "float64" },
  );
export const coins = (logits: Tensor): Samplable => new Bernoulli({ logits });

/** The cost of each draw [S, count, 3] → [S, count], as a black box: looked up by the outcome. */
export function lookUp(draws: Tensor): Tensor {
  const { data, shape } = draws;
  const costs = Float64Array.from({ length: draws.size / 3 }, (_, i) => {
    const [a, b, c] = data.subarray(i * 3, i * 3 + 3);
    return COSTS[4 * Number(a) + 2 * Number(b) + Number(c)] as number;
  });
  return fromTypedArray(costs, shape.slice(0, -1));
}

export interface Outcome {
  readonly bits: readonly number[];
  readonly probability: number;
  readonly cost: number;
  /** ∂log p/∂θ */
  readonly score: readonly number[];
}

const heads = LOGITS.map((logit) => 1 / (1 + Math.exp(-logit)));

export const outcomes: readonly Outcome[] = COSTS.map((cost, i) => {
  const bits = [(i >> 2) & 1, (i >> 1) & 1, i & 1];
  return {
    bits,
    cost,
    probability: bits.reduce(
      (p, bit, k) => p * (bit === 1 ? (heads[k] as number) : 1 - (heads[k] as number)),
      1,
    ),
    score: bits.map((bit, k) => bit - (heads[k] as number)),
  };
});

/** E[f], over the outcomes. */
export const expectation = (f: (outcome: Outcome) => number): number =>
  outcomes.reduce((sum, outcome) => sum + outcome.probability * f(outcome), 0);

export const expectedCost = expectation(({ cost }) => cost);
export const exactGradient = LOGITS.map((_, k) =>
  expectation(({ cost, score }) => cost * (score[k] as number)),
);

/** The variance of (c − b)·∂log p/∂θ of one draw, summed over the parameters. */
export function varianceOfDraw(b: number): number {
  const moments = LOGITS.map((_, k) => {
    const one = ({ cost, score }: Outcome) => (cost - b) * (score[k] as number);
    return expectation((outcome) => one(outcome) ** 2) - expectation(one) ** 2;
  });
  return moments.reduce((sum, variance) => sum + variance, 0);
}

/**
 * The variance of the leave-one-out estimate of S draws, summed over the parameters. The estimate is the U-statistic of
 * the kernel h(x, x′) = ½(c − c′)(s − s′): its variance is 2/(S(S − 1))·(2(S − 2)·Var E[h | x] + Var h).
 */
export function varianceOfLeaveOneOut(samples: number): number {
  let sum = 0;
  for (let k = 0; k < LOGITS.length; k++) {
    const h = (a: Outcome, b: Outcome) =>
      ((a.cost - b.cost) * ((a.score[k] as number) - (b.score[k] as number))) / 2;
    const given = (a: Outcome) => expectation((b) => h(a, b));
    const mean = expectation(given);
    const ofGiven = expectation((a) => given(a) ** 2) - mean ** 2;
    const ofKernel = expectation((a) => expectation((b) => h(a, b) ** 2)) - mean ** 2;
    sum += (2 / (samples * (samples - 1))) * (2 * (samples - 2) * ofGiven + ofKernel);
  }
  return sum;
}

/** Mean and standard error of each component of many estimates, and the variance of an estimate, summed. */
export function statistics(estimates: readonly (readonly number[])[]) {
  const count = estimates.length;
  const size = (estimates[0] as readonly number[]).length;
  const means = Array.from(
    { length: size },
    (_, k) => estimates.reduce((sum, one) => sum + (one[k] as number), 0) / count,
  );
  const variances = means.map(
    (mean, k) => estimates.reduce((sum, one) => sum + ((one[k] as number) - mean) ** 2, 0) / (count - 1),
  );
  return {
    means,
    errors: variances.map((variance) => Math.sqrt(variance / count)),
    variance: variances.reduce((sum, one) => sum + one, 0),
  };
}

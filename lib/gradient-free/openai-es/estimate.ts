// The arithmetic of OpenAI-ES, written with ops: eager for a plain function, part of a compiled generation for a module.

import { add } from "../../ops/add.js";
import { argsort } from "../../ops/argsort.js";
import { matmul } from "../../ops/matmul.js";
import { mul } from "../../ops/mul.js";
import { reshape } from "../../ops/reshape.js";
import { scatter } from "../../ops/scatter.js";
import { slice } from "../../ops/slice.js";
import { sub } from "../../ops/sub.js";
import { to } from "../../ops/to.js";
import { fromTypedArray } from "../../tensor/create.js";
import type { DType } from "../../tensor/dtype.js";
import type { Tensor } from "../../tensor/tensor.js";

/** What the gradient's estimate needs to know of a generation. */
export interface Spread {
  /** σ, the standard deviation of the steps. */
  readonly sigma: number;
  /** P, the number of candidates. */
  readonly population: number;
}

/**
 * Centred ranks u_i = rank_i / (P − 1) − ½, so that the least value has −½ and the greatest ½. Equal values share the
 * mean of their ranks, so that a plateau pulls nowhere. NaN counts as the greatest.
 * Shapes: values [P] → u [P], float32.
 */
export function centredRanks(values: Tensor): Tensor {
  const [count] = values.shape as [number];
  // Equal values rank in their order from below and from above: half the difference has the mean of their ranks.
  const fromBelow = inverse(argsort(values));
  const fromAbove = inverse(argsort(values, { descending: true }));
  return mul(to(sub(fromBelow, fromAbove), "float32"), 1 / (2 * Math.max(1, count - 1)));
}

/** The place of each number in an order of 0 … n − 1, [n] int32. */
function inverse(order: Tensor): Tensor {
  const places = fromTypedArray(Int32Array.from({ length: order.size }, (_, place) => place));
  return scatter(places, 0, order, places);
}

/**
 * The weight of each pair in the gradient's estimate: w_i = (u⁺_i − u⁻_i) / (P·σ²).
 * Shapes: values [P], those of the points θ + e_i first, then those of θ − e_i → [P/2].
 */
export function pairWeights(values: Tensor, { sigma, population }: Spread): Tensor {
  const u = centredRanks(values);
  const pairs = population / 2;
  const difference = sub(slice(u, 0, { end: pairs }), slice(u, 0, { start: pairs }));
  return mul(difference, 1 / (population * sigma * sigma));
}

/**
 * The part of some pairs in the gradient's estimate 1/(P·σ) Σ_i (u⁺_i − u⁻_i)·ε_i = Σ_i w_i·e_i, where e_i = σ·ε_i is
 * the step of a pair.
 * Shapes: weights [C], steps [C, ...shape] → [...shape].
 */
export function weightedSteps(weights: Tensor, steps: Tensor): Tensor {
  const [pairs, ...shape] = steps.shape as [number, ...number[]];
  const rows = reshape(steps, [pairs, steps.size / pairs]);
  return reshape(matmul(castTo(weights, steps.dtype), rows), shape);
}

const castTo = (x: Tensor, dtype: DType): Tensor => (x.dtype === dtype ? x : to(x, dtype));

/** The points of the pairs around θ: those of θ + e_i and those of θ − e_i, [C, ...shape] each. */
export function pairsAround(
  theta: Tensor,
  steps: Tensor,
): { readonly above: Tensor; readonly below: Tensor } {
  return { above: add(theta, steps), below: sub(theta, steps) };
}

import { ShapeError } from "../errors.js";
import { broadcast, format, sameShape } from "../graph/shape.js";
import type { Tensor } from "../graph/tensor.js";
import { add } from "../ops/add.js";
import { clamp } from "../ops/clamp.js";
import { log } from "../ops/log.js";
import { logSigmoid } from "../ops/log-sigmoid.js";
import { log1p } from "../ops/log1p.js";
import { mul } from "../ops/mul.js";
import { neg } from "../ops/neg.js";
import { sub } from "../ops/sub.js";
import { type CostOptions, checkAlike, checkFloats, readReduction, reduced } from "./reduce.js";

export interface BCEOptions extends CostOptions {
  /** A factor of each element's cost, which broadcasts. Default: 1. */
  readonly weight?: Tensor;
}

function weighted(name: string, costs: Tensor, weight: Tensor | undefined): Tensor {
  if (weight === undefined) return costs;
  checkFloats(name, costs, { weight });
  if (!sameShape(broadcast(name, costs.shape, weight.shape), costs.shape)) {
    throw new ShapeError(
      `${name}: expected weight to broadcast to ${format(costs.shape)}, got ${format(weight.shape)}`,
    );
  }
  return mul(costs, weight);
}

/**
 * C = −(ȳ·ln y + (1 − ȳ)·ln(1 − y)) of each element, for probabilities y; logarithms are not below −100
 * (torch.nn.BCELoss). `bceWithLogits` is more exact.
 * Shapes: y and target [...] → the same, or a scalar by the reduction. Dtypes: float32, float64.
 * @example cost.bce(ops.sigmoid(scores), target)
 * @throws ShapeError, DTypeError, OptionError, ArgumentError
 */
export function bce(y: Tensor, target: Tensor, options: BCEOptions = {}): Tensor {
  const reduction = readReduction("bce", options, ["weight"]);
  checkAlike("bce", y, { target });
  const yes = mul(target, clamp(log(y), { min: -100 }));
  const no = mul(sub(1, target), clamp(log1p(neg(y)), { min: -100 }));
  return reduced("bce", weighted("bce", neg(add(yes, no)), options.weight), reduction);
}

export interface BCEWithLogitsOptions extends BCEOptions {
  /** A factor of the cost of ȳ = 1, which broadcasts: above 1 finds more of them. Default: 1. */
  readonly posWeight?: Tensor;
}

/**
 * C = −(w₊·ȳ·ln σ(y) + (1 − ȳ)·ln σ(−y)) of each element, for unnormalised scores y, without overflow
 * (torch.nn.BCEWithLogitsLoss).
 * Shapes: y and target [...] → the same, or a scalar by the reduction. Dtypes: float32, float64.
 * @example cost.bceWithLogits(model.forward(x), target)
 * @throws ShapeError, DTypeError, OptionError, ArgumentError
 */
export function bceWithLogits(y: Tensor, target: Tensor, options: BCEWithLogitsOptions = {}): Tensor {
  const reduction = readReduction("bceWithLogits", options, ["weight", "posWeight"]);
  checkAlike("bceWithLogits", y, { target });
  // (1 − ȳ)·y − (1 + (w₊ − 1)·ȳ)·ln σ(y)
  const no = mul(sub(1, target), y);
  const logs = logSigmoid(y);
  const { posWeight } = options;
  const factor = posWeight === undefined ? null : weighted("bceWithLogits", target, sub(posWeight, 1));
  const yes = factor === null ? logs : mul(add(1, factor), logs);
  return reduced("bceWithLogits", weighted("bceWithLogits", sub(no, yes), options.weight), reduction);
}

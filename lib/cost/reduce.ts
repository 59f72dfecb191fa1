import { DTypeError, ShapeError } from "../errors.js";
import { mean } from "../ops/mean.js";
import { sum } from "../ops/sum.js";
import { checkChoice, checkOptions } from "../options.js";
import { isFloat } from "../tensor/dtype.js";
import { format, sameShape } from "../tensor/shape.js";
import { checkTensor, type Tensor } from "../tensor/tensor.js";

/** What to make of the costs: keep each, average or add them. */
export type Reduction = "none" | "mean" | "sum";

export interface CostOptions {
  /** `"mean"`: averaged, a scalar; `"sum"`: added; or `"none"`: each by itself. Default: mean. */
  readonly reduction?: Reduction;
}

/** @throws OptionError for one that is not among the names or `reduction`; ArgumentError */
export function readReduction(name: string, options: CostOptions, others: readonly string[] = []): Reduction {
  checkOptions(name, options, ["reduction", ...others]);
  return checkChoice(name, "reduction", options.reduction ?? "mean", ["none", "mean", "sum"]);
}

/** The costs themselves, their mean or their sum. @throws ShapeError for the mean of none */
export function reduced(name: string, costs: Tensor, reduction: Reduction): Tensor {
  if (reduction === "none") return costs;
  if (reduction === "sum") return sum(costs);
  if (costs.size === 0)
    throw new ShapeError(`${name}: expected at least one sample to average over, got none`);
  return mean(costs);
}

/** @throws DTypeError unless y is of floats and the others have its dtype. */
export function checkFloats(name: string, y: Tensor, others: Readonly<Record<string, Tensor>>): void {
  checkTensor(name, "y", y);
  if (!isFloat(y.dtype)) throw new DTypeError(`${name}: expected y to be float32 or float64, got ${y.dtype}`);
  for (const [other, tensor] of Object.entries(others)) {
    if (checkTensor(name, other, tensor).dtype === y.dtype) continue;
    throw new DTypeError(`${name}: expected ${other} to be ${y.dtype} as y is, got ${tensor.dtype}`);
  }
}

/** @throws ShapeError unless the others have y's shape; DTypeError unless all are of the same floats. */
export function checkAlike(name: string, y: Tensor, others: Readonly<Record<string, Tensor>>): void {
  checkFloats(name, y, others);
  for (const [other, { shape }] of Object.entries(others)) {
    if (sameShape(shape, y.shape)) continue;
    throw new ShapeError(`${name}: expected ${other} to be ${format(y.shape)} as y is, got ${format(shape)}`);
  }
}

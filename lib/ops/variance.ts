import { composed } from "../context/trace.js";
import { checkNumber, checkOptions } from "../options.js";
import type { Tensor } from "../tensor/tensor.js";
import { constantWhere } from "./constant-where.js";
import { checkDTypes } from "./define.js";
import { equal } from "./equal.js";
import { mean } from "./mean.js";
import { mul } from "./mul.js";
import { dimsOf, type ReduceOptions } from "./reduce.js";
import { register } from "./registry.js";
import { sqrt } from "./sqrt.js";
import { square } from "./square.js";
import { sub } from "./sub.js";
import { sum } from "./sum.js";

/** As `ReduceOptions`, for `variance` and `std`. */
export interface VarianceOptions extends ReduceOptions {
  /** Taken from the count: 1 for the unbiased estimate of a sample, 0 for the variance itself. Default: 1. */
  readonly correction?: number;
}

/**
 * y = Σ (x − mean)² / max(n − correction, 0) over the axes `dim`, or over all (torch.var).
 * Shapes: as `sum`. Dtypes: float32, float64. NaN where nothing is left to divide by.
 * @example variance(tensor([1, 2, 3]))   // 1
 * @throws ShapeError, DTypeError, OptionError, ArgumentError
 */
export function variance(x: Tensor, options: VarianceOptions = {}): Tensor {
  return spreadOf("variance", x, options);
}

/**
 * The root of `variance` (torch.std). Where it is 0, as for a constant column, all its derivatives are 0.
 * @example std(tensor([1, 2, 3]))   // 1
 * @throws as `variance`
 */
export function std(x: Tensor, options: VarianceOptions = {}): Tensor {
  return spreadOf("std", x, options, (squared) => constantWhere(equal(squared, 0), 0, squared, 1, sqrt));
}

/** The variance, or what `of` makes of it. */
function spreadOf(
  name: string,
  x: Tensor,
  options: VarianceOptions,
  of: (squared: Tensor) => Tensor = (squared) => squared,
): Tensor {
  checkOptions(name, options, ["dim", "keepdim", "correction"]);
  const { correction = 1, ...reduce } = options;
  checkNumber(name, "correction", correction);
  const dims = dimsOf(name, x, reduce);
  checkDTypes(name, ["x"], [x], "float");
  const count = dims.reduce((product, d) => product * (x.shape[d] as number), 1);
  return composed(name, [x], (x) => {
    const centred = sub(x, mean(x, { dim: dims, keepdim: true }));
    return of(mul(sum(square(centred), reduce), 1 / Math.max(count - correction, 0)));
  });
}

register("variance", variance, {
  torch: "reduced(torch.var)",
  reduces: { axes: "several", of: "floats" },
  cases: ({ floats }) => ({
    "no correction": [floats([2, 3]), { dim: 1, correction: 0 }],
    "correction 2": [floats([4]), { correction: 2 }],
    "correction −1": [floats([4]), { correction: -1 }],
  }),
  // PyTorch's derivatives of NaN are 0 there.
  order: { "empty, the empty dim": 0, "empty, all": 0 },
});
register("std", std, {
  torch: "reduced(torch.std)",
  reduces: { axes: "several", of: "floats" },
  cases: ({ floats }) => ({
    "no correction": [floats([2, 3]), { dim: 1, correction: 0 }],
    "correction 2": [floats([4]), { correction: 2 }],
  }),
});

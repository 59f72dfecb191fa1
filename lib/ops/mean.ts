import type { Tensor } from "../tensor/tensor.js";
import { checkDTypes } from "./define.js";
import { mul } from "./mul.js";
import { dimsOf, type ReduceOptions } from "./reduce.js";
import { type Method, register } from "./registry.js";
import { sum } from "./sum.js";

/**
 * Mean over the axes `dim`, or over all: sum / count; NaN where there is nothing to average.
 * Shapes: as `sum`. Dtypes: float32, float64.
 * @example mean(tensor([1, 2, 3]))   // 2
 * @throws ShapeError, DTypeError, OptionError
 */
export function mean(x: Tensor, options: ReduceOptions = {}): Tensor {
  const dims = dimsOf("mean", x, options);
  checkDTypes("mean", ["x"], [x], "float");
  const count = dims.reduce((product, d) => product * (x.shape[d] as number), 1);
  return mul(sum(x, options), 1 / count);
}

declare module "../tensor/tensor.js" {
  interface Tensor {
    mean: Method<typeof mean>;
  }
}

register("mean", mean, {
  method: true,
  torch: "reduced(torch.mean)",
  reduces: { axes: "several", of: "floats" },
});

import { composed } from "../context/trace.js";
import { isFloat } from "../tensor/dtype.js";
import type { Tensor } from "../tensor/tensor.js";
import { mul } from "./mul.js";
import { dimsOf, type ReduceOptions } from "./reduce.js";
import { type Method, register } from "./registry.js";
import { sum } from "./sum.js";
import { to } from "./to.js";

/**
 * Mean over the axes `dim`, or over all: sum / count; NaN where there is nothing to average.
 * Shapes: as `sum`. Dtypes: float32, float64; of int32 and bool it is float32 (PyTorch refuses these).
 * @example mean(tensor([1, 2, 3]))   // 2
 * @example mean(equal(argmax(scores, { dim: 1 }), labels))   // accuracy
 * @throws ShapeError, DTypeError, OptionError
 */
export function mean(x: Tensor, options: ReduceOptions = {}): Tensor {
  const dims = dimsOf("mean", x, options);
  if (!isFloat(x.dtype)) return to(mean(to(x, "float64"), options), "float32");
  const count = dims.reduce((product, d) => product * (x.shape[d] as number), 1);
  return composed("mean", [x], (x) => mul(sum(x, options), 1 / count));
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
  gives: { int32: "float32", bool: "float32" },
});

import type { Tensor } from "../tensor/tensor.js";
import { extreme, extremeCases } from "./extreme.js";
import { type ReduceOptions, reduceDims } from "./reduce.js";
import { type Method, register } from "./registry.js";

const op = extreme("amax");

/**
 * Largest element along the axes `dim`, or of all; NaN where there is one.
 * The gradient is shared evenly among equal ones (torch.amax).
 * Shapes: as `sum`. Dtypes: float32, float64, int32.
 * @example amax(tensor([[1, 5], [7, 2]]), { dim: 1 })   // [5, 7]
 * @throws ShapeError for an empty axis; DTypeError, OptionError
 */
export function amax(x: Tensor, options: ReduceOptions = {}): Tensor {
  return reduceDims("amax", x, options, (part, begin, end) => op([part], { begin, end }));
}

declare module "../tensor/tensor.js" {
  interface Tensor {
    amax: Method<typeof amax>;
  }
}

register("amax", amax, {
  method: true,
  torch: "reduced(torch.amax)",
  reduces: { axes: "several", of: "floats" },
  cases: extremeCases,
});

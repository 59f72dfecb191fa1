import type { Tensor } from "../tensor/tensor.js";
import { extreme, extremeCases } from "./extreme.js";
import { type ReduceOptions, reduceDims } from "./reduce.js";
import { type Method, register } from "./registry.js";

const op = extreme("amin");

/**
 * Smallest element along the axes `dim`, or of all; NaN where there is one.
 * The gradient is shared evenly among equal ones (torch.amin).
 * Shapes: as `sum`. Dtypes: float32, float64, int32.
 * @example amin(tensor([[1, 5], [7, 2]]), { dim: 1 })   // [1, 2]
 * @throws ShapeError for an empty axis; DTypeError, OptionError
 */
export function amin(x: Tensor, options: ReduceOptions = {}): Tensor {
  return reduceDims("amin", x, options, (part, begin, end) => op([part], { begin, end }));
}

declare module "../tensor/tensor.js" {
  interface Tensor {
    amin: Method<typeof amin>;
  }
}

register("amin", amin, {
  method: true,
  torch: "reduced(torch.amin)",
  reduces: { axes: "several", of: "floats" },
  cases: extremeCases,
});

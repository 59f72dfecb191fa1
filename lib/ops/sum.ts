import type { Tensor } from "../tensor/tensor.js";
import { countable } from "./countable.js";
import { type ReduceOptions, reduceDims } from "./reduce.js";
import { type Method, register } from "./registry.js";
import { sumSpan } from "./sum-and-expand.js";

/**
 * Sum over the axes `dim`, or over all. float32 sums are made in blocks, so that their error does not
 * grow with the number of terms; the order of the terms does not depend on the number of threads.
 * Shapes: x → y without the axes `dim`, or with size 1 there where `keepdim`. An empty sum is 0.
 * Dtypes: float32, float64, int32; of bool it is how many are true, as int32.
 * @example sum(tensor([[1, 2], [3, 4]]), { dim: 0 })   // [4, 6]
 * @throws ShapeError, DTypeError, OptionError
 */
export function sum(x: Tensor, options: ReduceOptions = {}): Tensor {
  return reduceDims("sum", countable("sum", x), options, (part, begin, end) => sumSpan(part, { begin, end }));
}

declare module "../tensor/tensor.js" {
  interface Tensor {
    sum: Method<typeof sum>;
  }
}

register("sum", sum, {
  method: true,
  torch: "reduced(torch.sum)",
  reduces: { axes: "several", of: "floats" },
  gives: { bool: "int32" },
  cases: ({ truths }) => ({
    "truths, all": [truths([2, 3])],
    "truths, last dim": [truths([2, 5]), { dim: 1 }],
  }),
});

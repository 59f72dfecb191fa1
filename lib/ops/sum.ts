import type { Tensor } from "../tensor/tensor.js";
import { checkDTypes, linear } from "./define.js";
import { expand } from "./expand.js";
import { type ReduceOptions, reduceDims, type Span, spanParams, withoutSpan } from "./reduce.js";
import { reshape } from "./reshape.js";

const op = linear<"x", Span>("sum", {
  inputs: ["x"],
  kernel: "sum",
  shape: ({ x, ...span }) => ({
    shape: withoutSpan(x, span),
    dtype: checkDTypes("sum", ["x"], [x], "number"),
  }),
  params: spanParams,
  batch: ({ x, begin, end }, { op: self }) => self([x], { begin: begin + 1, end: end + 1 }),
  transpose: ({ dy, x, begin, end }) => {
    const ones = x.shape.slice(begin, end).map(() => 1);
    return expand(reshape(dy, [...x.shape.slice(0, begin), ...ones, ...x.shape.slice(end)]), x.shape);
  },
});

/**
 * Sum over the axes `dim`, or over all. float32 sums are made in blocks, so that their error does not
 * grow with the number of terms; the order of the terms does not depend on the number of threads.
 * Shapes: x → y without the axes `dim`, or with size 1 there where `keepdim`. An empty sum is 0.
 * @example sum(tensor([[1, 2], [3, 4]]), { dim: 0 })   // [4, 6]
 * @throws ShapeError, DTypeError, OptionError
 */
export function sum(x: Tensor, options: ReduceOptions = {}): Tensor {
  return reduceDims("sum", x, options, (part, begin, end) => op([part], { begin, end }));
}

import type { Tensor } from "../tensor/tensor.js";
import { checkDTypes, defineOp } from "./define.js";
import { type ReduceOptions, reduceDims, type Span, spanParams, withoutSpan } from "./reduce.js";
import { type Method, register } from "./registry.js";
import { truthsOf } from "./truths.js";

const op = defineOp<"x", Span>("any", {
  inputs: ["x"],
  kernel: "any",
  shape: ({ x, ...span }) => ({ shape: withoutSpan(x, span), dtype: checkDTypes("any", ["x"], [x], "bool") }),
  params: spanParams,
  batch: ({ x, begin, end }, { op: self }) => self([x], { begin: begin + 1, end: end + 1 }),
});

/**
 * Whether one element is true, along the axes `dim` or of all; false for no elements. No gradient.
 * Shapes: as `sum`. Any dtype: all but 0 is true. Gives bool.
 * @example any(greater(x, 0), { dim: 1 })
 * @throws ShapeError, DTypeError, OptionError
 */
export function any(x: Tensor, options: ReduceOptions = {}): Tensor {
  return reduceDims("any", truthsOf("any", "x", x), options, (part, begin, end) =>
    op([part], { begin, end }),
  );
}

declare module "../tensor/tensor.js" {
  interface Tensor {
    any: Method<typeof any>;
  }
}

register("any", any, {
  method: true,
  torch: "reduced(torch.any)",
  reduces: { axes: "several", of: "truths" },
  cases: ({ values }) => ({ numbers: [values([0, NaN, 2])], int32: [values([0, 0], "int32")] }),
});

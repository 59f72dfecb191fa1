import { around } from "../tensor/shape.js";
import type { Tensor } from "../tensor/tensor.js";
import { checkDTypes, defineOp } from "./define.js";
import { checkNotEmpty, positionCases } from "./extreme.js";
import { type ReduceOneOptions, reduceOne } from "./reduce.js";
import { type Method, register } from "./registry.js";

const op = defineOp<"x", { dim: number }>("argmax", {
  inputs: ["x"],
  kernel: "argmax",
  shape: ({ x, dim }) => {
    checkDTypes("argmax", ["x"], [x], "number");
    checkNotEmpty("argmax", x, { begin: dim, end: dim + 1 });
    return { shape: x.shape.filter((_, d) => d !== dim), dtype: "int32" };
  },
  params: ({ x, dim }) => around(x.shape, dim),
  batch: ({ x, dim }, { op: self }) => self([x], { dim: dim + 1 }),
});

/**
 * Position of the largest element along the axis `dim`, or in the flat tensor; of equal ones the first;
 * the first NaN where there is one. It has no gradient: `backward()` through it is an error.
 * Shapes: as `sum`. Dtypes: float32, float64, int32. Gives int32.
 * @example argmax(tensor([[1, 5], [7, 2]]), { dim: 1 })   // [1, 0]
 * @throws ShapeError for an empty axis; DTypeError, OptionError
 */
export function argmax(x: Tensor, options: ReduceOneOptions = {}): Tensor {
  return reduceOne("argmax", x, options, (part, dim) => op([part], { dim }));
}

declare module "../tensor/tensor.js" {
  interface Tensor {
    argmax: Method<typeof argmax>;
  }
}

register("argmax", argmax, {
  method: true,
  torch: "torch.argmax",
  reduces: { axes: "one", of: "floats" },
  cases: positionCases,
});

import { around } from "../tensor/shape.js";
import type { Tensor } from "../tensor/tensor.js";
import { checkDTypes, defineOp } from "./define.js";
import { checkNotEmpty, positionCases } from "./extreme.js";
import { type ReduceOneOptions, reduceOne } from "./reduce.js";
import { type Method, register } from "./registry.js";

const op = defineOp<"x", { dim: number }>("argmin", {
  inputs: ["x"],
  kernel: "argmin",
  shape: ({ x, dim }) => {
    checkDTypes("argmin", ["x"], [x], "number");
    checkNotEmpty("argmin", x, { begin: dim, end: dim + 1 });
    return { shape: x.shape.filter((_, d) => d !== dim), dtype: "int32" };
  },
  params: ({ x, dim }) => around(x.shape, dim),
  batch: ({ x, dim }, { op: self }) => self([x], { dim: dim + 1 }),
});

/**
 * Position of the smallest element along the axis `dim`, or in the flat tensor; of equal ones the first;
 * the first NaN where there is one. It has no gradient: `backward()` through it is an error.
 * Shapes: as `sum`. Dtypes: float32, float64, int32. Gives int32.
 * @example argmin(tensor([[1, 5], [7, 2]]), { dim: 1 })   // [0, 1]
 * @throws ShapeError for an empty axis; DTypeError, OptionError
 */
export function argmin(x: Tensor, options: ReduceOneOptions = {}): Tensor {
  return reduceOne("argmin", x, options, (part, dim) => op([part], { dim }));
}

declare module "../tensor/tensor.js" {
  interface Tensor {
    argmin: Method<typeof argmin>;
  }
}

register("argmin", argmin, {
  method: true,
  torch: "torch.argmin",
  reduces: { axes: "one", of: "floats" },
  cases: positionCases,
});

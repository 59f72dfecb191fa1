import { sizeOf } from "../graph/shape.js";
import type { Tensor } from "../graph/tensor.js";
import { checkDTypes, defineOp } from "./define.js";
import { type ReduceOptions, reduceDims } from "./reduce.js";

/** Reduces the axes [begin, end). */
const op = defineOp<"x", { begin: number; end: number }>("any", {
  inputs: ["x"],
  kernel: "any",
  shape: ({ x, begin, end }) => {
    checkDTypes("any", ["x"], [x], "bool");
    return { shape: [...x.shape.slice(0, begin), ...x.shape.slice(end)], dtype: "bool" };
  },
  params: ({ x, begin, end }) => [
    sizeOf(x.shape.slice(0, begin)),
    sizeOf(x.shape.slice(begin, end)),
    sizeOf(x.shape.slice(end)),
  ],
});

/**
 * Whether one element is true, along the axes `dim` or of all; false for no elements. No gradient.
 * Shapes: as `sum`. Dtype: bool.
 * @example any(greater(x, 0), { dim: 1 })
 * @throws ShapeError, DTypeError, OptionError
 */
export function any(x: Tensor, options: ReduceOptions = {}): Tensor {
  return reduceDims("any", x, options, (part, begin, end) => op([part], { begin, end }));
}

import { sizeOf } from "../graph/shape.js";
import type { Tensor } from "../graph/tensor.js";
import { checkDTypes, defineOp } from "./define.js";
import { type ReduceOptions, reduceDims } from "./reduce.js";

/** Reduces the axes [begin, end). */
const op = defineOp<"x", { begin: number; end: number }>("all", {
  inputs: ["x"],
  kernel: "all",
  shape: ({ x, begin, end }) => {
    checkDTypes("all", ["x"], [x], "bool");
    return { shape: [...x.shape.slice(0, begin), ...x.shape.slice(end)], dtype: "bool" };
  },
  params: ({ x, begin, end }) => [
    sizeOf(x.shape.slice(0, begin)),
    sizeOf(x.shape.slice(begin, end)),
    sizeOf(x.shape.slice(end)),
  ],
});

/**
 * Whether all elements are true, along the axes `dim` or of all; true for no elements. No gradient.
 * Shapes: as `sum`. Dtype: bool.
 * @example all(greater(x, 0), { dim: 1 })
 * @throws ShapeError, DTypeError, OptionError
 */
export function all(x: Tensor, options: ReduceOptions = {}): Tensor {
  return reduceDims("all", x, options, (part, begin, end) => op([part], { begin, end }));
}

import { around, checkDim } from "../tensor/shape.js";
import type { Tensor } from "../tensor/tensor.js";
import { countable } from "./countable.js";
import { checkDTypes, linear } from "./define.js";
import { flip } from "./flip.js";
import { register } from "./registry.js";
import { reshape } from "./reshape.js";

const op = linear<"x", { dim: number }>("cumsum", {
  inputs: ["x"],
  kernel: "cumsum",
  shape: ({ x }) => ({ shape: x.shape, dtype: checkDTypes("cumsum", ["x"], [x], "number") }),
  params: ({ x, dim }) => around(x.shape, dim),
  transpose: ({ dy, dim }) => flip(cumsum(flip(dy, dim), dim), dim),
  batch: ({ x, dim }, { op: self }) => self([x], { dim: dim + 1 }),
});

/**
 * y_i = Σ_{j ≤ i} x_j along an axis (torch.cumsum).
 * Shapes: x → y, the same. Dtypes: float32, float64, int32; of bool it counts the true ones, as int32.
 * @example cumsum(tensor([1, 2, 3]), 0)   // [1, 3, 6]
 * @throws ShapeError, DTypeError
 */
export function cumsum(x: Tensor, dim: number): Tensor {
  const numbers = countable("cumsum", x);
  const axis = checkDim("cumsum", dim, x.rank);
  return x.rank === 0 ? reshape(op([reshape(numbers, [1])], { dim: 0 }), []) : op([numbers], { dim: axis });
}

register("cumsum", cumsum, {
  torch: "torch.cumsum",
  along: "argument",
  gives: { bool: "int32" },
  cases: ({ truths, values }) => ({
    int32: [values([3, 1, 2, 1], "int32"), 0],
    truths: [truths([2, 5]), 1],
  }),
});

import { checkDim } from "../tensor/shape.js";
import type { Tensor } from "../tensor/tensor.js";
import { countable } from "./countable.js";
import { linearScan } from "./linear-scan.js";
import { register } from "./registry.js";
import { filledUp, sliceAt } from "./slice-and-concat.js";

/**
 * y_i = Π_{j ≤ i} x_j along an axis (torch.cumprod). Its derivatives of every order are right where factors are 0 too.
 * Shapes: x → y, the same. Dtypes: float32, float64, int32; of bool as int32.
 * @example cumprod(tensor([2, 3, 4]), 0)   // [2, 6, 24]
 * @throws ShapeError, DTypeError
 */
export function cumprod(x: Tensor, dim: number): Tensor {
  const numbers = countable("cumprod", x);
  const axis = checkDim("cumprod", dim, x.rank);
  const size = x.shape[axis] ?? 1;
  if (x.rank === 0 || size < 2) return numbers;
  const first = sliceAt(numbers, { dim: axis, start: 0, count: 1, step: 1 });
  return linearScan(numbers, filledUp(first, axis, 0, size - 1, 0), axis);
}

register("cumprod", cumprod, {
  torch: "torch.cumprod",
  along: "argument",
  gives: { bool: "int32" },
  cases: ({ truths, values }) => ({
    "factors of 0": [
      values([
        [2, 0, 3, 4],
        [0, 2, 0, 3],
        [1, 2, 3, 0],
      ]),
      1,
    ],
    int32: [values([3, 1, -2, 2], "int32"), 0],
    truths: [truths([2, 5]), 1],
  }),
});

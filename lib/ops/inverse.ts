import { eye } from "../tensor/create.js";
import type { Tensor } from "../tensor/tensor.js";
import { checkDTypes } from "./define.js";
import { checkSquare } from "./diagonal.js";
import { register } from "./registry.js";
import { solve } from "./solve.js";

/**
 * The y with x·y = 1 (torch.linalg.inv). To multiply with it, `solve` is faster and more exact.
 * Shapes: x [..., n, n] → y, the same. Dtypes: float32, float64.
 * @example inverse(tensor([[2, 0], [0, 4]]))   // [[0.5, 0], [0, 0.25]]
 * @throws ArgumentError where x has no inverse; ShapeError, DTypeError
 */
export function inverse(x: Tensor): Tensor {
  const n = checkSquare("inverse", x);
  const dtype = checkDTypes("inverse", ["x"], [x], "float");
  return solve(x, eye(n, { dtype }));
}

register("inverse", inverse, {
  torch: "torch.linalg.inv",
  cases: ({ matrices, values }) => ({
    "1 × 1": [matrices([1, 1])],
    "2 × 2": [matrices([2, 2])],
    "5 × 5": [matrices([5, 5])],
    stack: [matrices([3, 3, 3])],
    "stack of stacks": [matrices([2, 1, 2, 2])],
    "empty stack": [matrices([0, 2, 2])],
    "0 × 0": [matrices([0, 0])],
    "extreme values": [
      values([
        [1e200, 0],
        [0, 1e200],
      ]),
    ],
  }),
  order: { "extreme values": 0 },
});

import { checkDim } from "../tensor/shape.js";
import type { Tensor } from "../tensor/tensor.js";
import { checkInput } from "./define.js";
import { logaddexp } from "./logaddexp.js";
import { register } from "./registry.js";
import { join, sliceAt } from "./slice-and-concat.js";

/**
 * y_i = ln Σ_{j ≤ i} exp x_j along an axis, without overflow (torch.logcumsumexp): by pairs, in ⌈log₂ n⌉ passes.
 * Shapes: x → y, the same. Dtypes: float32, float64.
 * @example logcumsumexp(tensor([0, 0]), 0)   // [0, 0.693]
 * @throws ShapeError, DTypeError
 */
export function logcumsumexp(x: Tensor, dim: number): Tensor {
  checkInput("logcumsumexp", x, "float");
  const axis = checkDim("logcumsumexp", dim, x.rank);
  const size = x.shape[axis] ?? 1;
  let y = x;
  for (let step = 1; step < size; step *= 2) {
    const part = (start: number, count: number): Tensor => sliceAt(y, { dim: axis, start, count, step: 1 });
    y = join([part(0, step), logaddexp(part(step, size - step), part(0, size - step))], axis);
  }
  return y;
}

register("logcumsumexp", logcumsumexp, {
  torch: "logcumsumexp",
  along: "argument",
  cases: ({ values }) => ({
    "large and small": [values([1000, 999, -1000, 1001]), 0],
    "−∞ first": [values([-Infinity, -Infinity, 1, 2]), 0],
  }),
  order: { "−∞ first": 0 },
});

import { around } from "../tensor/shape.js";
import type { Tensor } from "../tensor/tensor.js";
import { type Apply, checkDTypes, defineOp } from "./define.js";
import { flip } from "./flip.js";
import { forEach } from "./for-each.js";
import { mul } from "./mul.js";
import { shifted } from "./slice-and-concat.js";

// y_i = a_i·y_{i−1} + b_i, so db_i = dy_i + a_{i+1}·db_{i+1}, the same from the end, and da_i = db_i·y_{i−1}.
const op: Apply<{ dim: number }> = defineOp<"a" | "b", { dim: number }>("linearScan", {
  inputs: ["a", "b"],
  kernel: "linear_scan",
  shape: ({ a, b }) => ({ shape: a.shape, dtype: checkDTypes("linearScan", ["a", "b"], [a, b], "number") }),
  params: ({ a, dim }) => around(a.shape, dim),
  vjp: {
    a: ({ dy, a, y, dim }) => mul(fromEnd(a, dy, dim), shifted(y, dim, 1, 0)),
    b: ({ dy, a, dim }) => fromEnd(a, dy, dim),
  },
  jvp: {
    a: ({ da, a, y, dim }) => op([a, mul(da, shifted(y, dim, 1, 0))], { dim }),
    b: ({ db, a, dim }) => op([a, db], { dim }),
  },
  batch: ({ a, b, dim }, { batched, size, op: self }) =>
    self([forEach(a, batched.a, size), forEach(b, batched.b, size)], { dim: dim + 1 }),
});

function fromEnd(a: Tensor, dy: Tensor, dim: number): Tensor {
  return flip(op([flip(shifted(a, dim, -1, 0), dim), flip(dy, dim)], { dim }), dim);
}

/** y_i = a_i·y_{i−1} + b_i along an axis, with y_{−1} = 0, for a and b of one shape with that axis. */
export function linearScan(a: Tensor, b: Tensor, dim: number): Tensor {
  return op([a, b], { dim });
}

import type { Tensor } from "../tensor/tensor.js";
import { defineOp } from "./define.js";
import { mul } from "./mul.js";
import { type Method, register } from "./registry.js";
import { alongLast, type DimOptions, rowCases, rowsOf } from "./rows.js";
import { sub } from "./sub.js";
import { sum } from "./sum.js";

// With p = softmax(x): ∂p_i/∂x_j = p_i·(δ_ij − p_j), which is symmetric: vjp and jvp are one.
const product = (y: Tensor, d: Tensor): Tensor => mul(y, sub(d, sum(mul(d, y), { dim: -1, keepdim: true })));

/** Along the last axis. */
const op = defineOp<"x">("softmax", {
  inputs: ["x"],
  kernel: "softmax",
  ...rowsOf("softmax"),
  vjp: { x: ({ dy, y }) => product(y, dy) },
  jvp: { x: ({ dx, y }) => product(y, dx) },
  batch: ({ x }, { op: self }) => self([x], {}),
});

/**
 * y_i = e^(x_i) / Σ_j e^(x_j) along the axis `dim`, without overflow. An x of −∞ has y and gradient 0; NaN where all
 * are −∞ or one is +∞.
 * Shapes: x → y, the same. Dtypes: float32, float64.
 * @param options `dim`: the axis; default −1, the last.
 * @example softmax(tensor([0, 0]))   // [0.5, 0.5]
 * @throws ShapeError, DTypeError, OptionError
 */
export function softmax(x: Tensor, options: DimOptions = {}): Tensor {
  return alongLast("softmax", x, options, (rows) => op([rows], {}));
}

declare module "../tensor/tensor.js" {
  interface Tensor {
    softmax: Method<typeof softmax>;
  }
}

register("softmax", softmax, {
  method: true,
  torch: "torch.softmax",
  along: "options",
  cases: rowCases,
  order: { "nothing to choose": 0, "some of −∞": 0 },
});

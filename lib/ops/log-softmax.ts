import type { Tensor } from "../tensor/tensor.js";
import { defineOp } from "./define.js";
import { exp } from "./exp.js";
import { mul } from "./mul.js";
import { type Method, register } from "./registry.js";
import { alongLast, type DimOptions, rowCases, rowsOf } from "./rows.js";
import { sub } from "./sub.js";
import { sum } from "./sum.js";

/** Along the last axis. With p = eʸ: ∂y_i/∂x_j = δ_ij − p_j. */
const op = defineOp<"x">("logSoftmax", {
  inputs: ["x"],
  kernel: "log_softmax",
  ...rowsOf("logSoftmax"),
  vjp: { x: ({ dy, y }) => sub(dy, mul(exp(y), sum(dy, { dim: -1, keepdim: true }))) },
  jvp: { x: ({ dx, y }) => sub(dx, sum(mul(exp(y), dx), { dim: -1, keepdim: true })) },
  batch: ({ x }, { op: self }) => self([x], {}),
});

/**
 * y = ln softmax(x) = x − ln Σ_j e^(x_j) along the axis `dim`, without overflow.
 * Shapes: x → y, the same. Dtypes: float32, float64.
 * @param options `dim`: the axis; default −1, the last.
 * @example logSoftmax(tensor([0, 0]))   // [−0.6931, −0.6931]
 * @throws ShapeError, DTypeError, OptionError
 */
export function logSoftmax(x: Tensor, options: DimOptions = {}): Tensor {
  return alongLast("logSoftmax", x, options, (rows) => op([rows], {}));
}

declare module "../tensor/tensor.js" {
  interface Tensor {
    logSoftmax: Method<typeof logSoftmax>;
  }
}

register("logSoftmax", logSoftmax, {
  method: true,
  torch: "torch.log_softmax",
  along: "options",
  cases: rowCases,
  order: { "nothing to choose": 0, "some of −∞": 0 },
});

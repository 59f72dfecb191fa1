import type { Tensor } from "../tensor/tensor.js";
import { abs } from "./abs.js";
import { add } from "./add.js";
import { broadcastSpec } from "./define.js";
import { less } from "./less.js";
import { mul } from "./mul.js";
import { type Operand, operands } from "./operand.js";
import { type Method, register } from "./registry.js";
import { sub } from "./sub.js";
import { where } from "./where.js";

/**
 * y = start + weight · (end − start), a point on the line through both (torch.lerp). For |weight| ≥ 0.5 it is computed
 * as end − (1 − weight) · (end − start), so that weight 1 gives `end` without rounding.
 * Slopes 1 − weight, weight and end − start.
 * Shapes: start, end and weight broadcast to y. Dtypes: float32, float64.
 * @example lerp(tensor([0, 10]), tensor([4, 20]), 0.25)   // [1, 12.5]
 * @throws ShapeError, DTypeError, ArgumentError
 */
export function lerp(start: Tensor, end: Operand, weight: Operand): Tensor {
  const [from, to] = operands("lerp", start, end, ["start", "end"]);
  const [, share] = operands("lerp", from, weight, ["start", "weight"]);
  broadcastSpec("lerp", ["start", "end", "weight"], [from, to, share], "float");
  const distance = sub(to, from);
  const isNearStart = less(abs(share), 0.5);
  // One product, so that its derivative is right where the distance is infinite.
  return add(where(isNearStart, from, to), mul(where(isNearStart, share, sub(share, 1)), distance));
}

declare module "../tensor/tensor.js" {
  interface Tensor {
    lerp: Method<typeof lerp>;
  }
}

register("lerp", lerp, {
  method: true,
  torch: "torch.lerp",
  elementwise: ["floats", "floats", "floats"],
  cases: ({ floats, values }) => ({
    "a number for the weight": [floats([2, 3]), floats([3]), 0.25],
    "exact at both ends": [values([0.1, 0.1]), values([0.3, 1e20]), values([0, 1])],
    "extreme values": [
      values([1, -Infinity, NaN, 1e300]),
      values([Infinity, 2, 3, -1e300]),
      values([0.5, 1, 0, 0.5]),
    ],
  }),
  order: { "extreme values": 0 },
});

import type { Tensor } from "../tensor/tensor.js";
import { constantWhere } from "./constant-where.js";
import { broadcastSpec } from "./define.js";
import { equal } from "./equal.js";
import { greater } from "./greater.js";
import { isFinite } from "./is-finite.js";
import { isNaN } from "./is-nan.js";
import { log } from "./log.js";
import { logicalAnd } from "./logical-and.js";
import { logicalNot } from "./logical-not.js";
import { logicalOr } from "./logical-or.js";
import { mul } from "./mul.js";
import { type Operand, operands } from "./operand.js";
import { register } from "./registry.js";

/**
 * y = a · ln b, and 0 where a is 0, unless b is NaN (torch.xlogy): a term of an entropy.
 * Slopes ln b and a / b; both are 0 where a is 0 and b is not a number above 0.
 * Shapes: a and b broadcast to y. Dtypes: float32, float64.
 * @example xlogy(tensor([0, 2]), tensor([0, 1]))   // [0, 0]
 * @throws ShapeError, DTypeError, ArgumentError
 */
export function xlogy(a: Operand, b: Operand): Tensor {
  const [x, y] = operands("xlogy", a, b);
  broadcastSpec("xlogy", ["a", "b"], [x, y], "float");
  // Where b has a logarithm that is a number, the product is right for a = 0 too, with its derivatives.
  const hasLog = logicalAnd(greater(y, 0), isFinite(y));
  const isZero = logicalAnd(equal(x, 0), logicalNot(logicalOr(hasLog, isNaN(y))));
  return constantWhere(isZero, 0, y, 1, (b) => mul(x, log(b)));
}

register("xlogy", xlogy, {
  torch: "torch.xlogy",
  elementwise: ["floats", [0.25, 4]],
  cases: ({ values }) => ({
    "0 beside all kinds": [values([0, 0, 0, 0, 0, -0]), values([0, -1, NaN, Infinity, 2, 0])],
    "a number for a": [2, values([0.5, 1, 3])],
    "a number for b": [values([0.5, 1, 3]), 2],
  }),
  order: { "0 beside all kinds": 0 },
});

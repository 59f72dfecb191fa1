import type { Tensor } from "../tensor/tensor.js";
import { add } from "./add.js";
import { broadcastSpec } from "./define.js";
import { equal } from "./equal.js";
import { exp } from "./exp.js";
import { greaterEqual } from "./greater-equal.js";
import { isFinite } from "./is-finite.js";
import { log1p } from "./log1p.js";
import { logicalAnd } from "./logical-and.js";
import { logicalNot } from "./logical-not.js";
import { mul } from "./mul.js";
import { type Operand, operands } from "./operand.js";
import { register } from "./registry.js";
import { sub } from "./sub.js";
import { where } from "./where.js";

/**
 * y = ln(eᵃ + eᵇ), element by element, without overflow: the larger one plus ln(1 + e^(−|a − b|)) (torch.logaddexp).
 * Slopes e^(a − y) and e^(b − y), the shares of a and b in the sum: 1 and 0 where only one is infinitely larger, and
 * half each where both are equal, also both +∞ or both −∞ (in PyTorch NaN there). NaN where one is NaN.
 * Shapes: a and b broadcast to y. Dtypes: float32, float64. Over the elements of one tensor: `logsumexp`.
 * @example logaddexp(tensor([1000, 0]), tensor([1000, -Infinity]))   // [1000.6931, 0]
 * @throws ShapeError, DTypeError, ArgumentError
 */
export function logaddexp(a: Operand, b: Operand): Tensor {
  const [left, right] = operands("logaddexp", a, b);
  broadcastSpec("logaddexp", ["a", "b"], [left, right], "float");
  // By `where`, not `maximum` and `abs`: it has derivatives of every order where a = b.
  const isAbove = greaterEqual(left, right);
  const high = where(isAbove, left, right);
  const low = where(isAbove, right, left);
  // ∞ − ∞ has no value; the two are their own sum.
  const areInfinite = logicalAnd(equal(left, right), logicalNot(isFinite(left)));
  const gap = where(areInfinite, 0, sub(low, high));
  return where(areInfinite, mul(add(left, right), 0.5), add(high, log1p(exp(gap))));
}

register("logaddexp", logaddexp, {
  torch: "torch.logaddexp",
  elementwise: ["floats", "floats"],
  cases: ({ values }) => ({
    "equal inputs": [values([0, -3, 2.5]), values([0, -3, 2.5])],
    "far apart": [values([1000, -1000, 40, -40]), values([-1000, 1000, 0, 0])],
    "large and near": [values([1000, -1000]), values([999, -1001])],
    "one infinite": [values([Infinity, -Infinity, 1, 1]), values([1, 1, Infinity, -Infinity])],
  }),
});

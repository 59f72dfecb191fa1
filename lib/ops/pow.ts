import type { Tensor } from "../graph/tensor.js";
import { elementwise } from "./elementwise.js";
import { equal } from "./equal.js";
import { greaterEqual } from "./greater-equal.js";
import { log } from "./log.js";
import { logicalAnd } from "./logical-and.js";
import { mul } from "./mul.js";
import { type Operand, operands } from "./operand.js";
import { sub } from "./sub.js";
import { where } from "./where.js";

const op = elementwise<"a" | "b">("pow", {
  inputs: ["a", "b"],
  takes: "float",
  slope: {
    a: ({ a, b }) => where(equal(b, 0), 0, mul(b, pow(a, sub(b, 1)))),
    b: ({ a, b, y }) => where(logicalAnd(equal(a, 0), greaterEqual(b, 0)), 0, mul(y, log(a))),
  },
});

/**
 * y = aᵇ, element by element; NaN for a negative a with a b that is not whole.
 * Shapes: a and b broadcast to y. Dtypes: float32, float64.
 * Slopes: b·aᵇ⁻¹, 0 where b = 0; aᵇ·ln a, 0 where a = 0 and b ≥ 0 (as in PyTorch).
 * @example pow(x, 3)
 * @throws ShapeError, DTypeError
 */
export function pow(a: Operand, b: Operand): Tensor {
  return op(operands("pow", a, b));
}

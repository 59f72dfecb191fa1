import type { Tensor } from "../tensor/tensor.js";
import { div } from "./div.js";
import { elementwise } from "./elementwise.js";
import { floor } from "./floor.js";
import { isFinite } from "./is-finite.js";
import { neg } from "./neg.js";
import { type Operand, operands } from "./operand.js";
import { register } from "./registry.js";
import { round } from "./round.js";
import { sub } from "./sub.js";
import { where } from "./where.js";

const op = elementwise<"a" | "b">("remainder", {
  inputs: ["a", "b"],
  takes: "number",
  slope: { a: 1, b: ({ a, b, y }) => neg(wholeQuotient(a, b, y)) },
});

/** ⌊a / b⌋ as it is in y: a / b may round up to a whole number that the quotient itself stays below. */
function wholeQuotient(a: Tensor, b: Tensor, y: Tensor): Tensor {
  const whole = round(div(sub(a, y), b));
  return where(isFinite(whole), whole, floor(div(a, b)));
}

/**
 * y = a − b · ⌊a / b⌋, element by element, with b's sign, as Python's `%` (torch.remainder). Slopes 1 and −⌊a / b⌋.
 * A float by 0 is NaN, a whole number by 0 is 0 (PyTorch refuses it).
 * Shapes: a and b broadcast to y. Dtypes: float32, float64, int32.
 * @example remainder(tensor([-3, 3]), 2)   // [1, 1]
 * @throws ShapeError, DTypeError, ArgumentError
 */
export function remainder(a: Operand, b: Operand): Tensor {
  return op(operands("remainder", a, b));
}

register("remainder", remainder, {
  torch: "torch.remainder",
  elementwise: ["floats", [0.5, 2.5]],
  cases: ({ floats, values }) => ({
    "floats of either sign": [floats([17]), floats([17])],
    "whole floats of either sign": [values([3, -3, 3, -3, 4, -4]), values([2, 2, -2, -2, 2, 2])],
    int32: [values([7, -7, 7, -7, 6], "int32"), values([3, 3, -3, -3, 3], "int32")],
    "a quotient just below a whole number": [values([-0.25, 1]), values([-0.001, 0.1])],
    "a number for a": [5, values([2, -3, 0.75])],
  }),
  // PyTorch lacks this derivative.
  order: { "a number for a": 0 },
});

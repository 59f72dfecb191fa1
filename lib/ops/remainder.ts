import type { Tensor } from "../tensor/tensor.js";
import { div } from "./div.js";
import { elementwise } from "./elementwise.js";
import { floor } from "./floor.js";
import { neg } from "./neg.js";
import { type Operand, operands } from "./operand.js";
import { register } from "./registry.js";

const op = elementwise<"a" | "b">("remainder", {
  inputs: ["a", "b"],
  takes: "number",
  slope: { a: 1, b: ({ a, b }) => neg(floor(div(a, b))) },
});

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
    "a number for a": [5, values([2, -3, 0.75])],
  }),
  // PyTorch lacks this derivative.
  order: { "a number for a": 0 },
});

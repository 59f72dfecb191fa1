import type { Tensor } from "../tensor/tensor.js";
import { div } from "./div.js";
import { elementwise } from "./elementwise.js";
import { type Operand, operands } from "./operand.js";
import { register } from "./registry.js";

const op = elementwise<"a" | "b">("hypot", {
  inputs: ["a", "b"],
  takes: "float",
  slope: { a: ({ a, y }) => div(a, y), b: ({ b, y }) => div(b, y) },
});

/**
 * y = √(a² + b²), element by element, where no square overflows (torch.hypot). Slopes a / y and b / y, which are NaN
 * where both are 0.
 * Shapes: a and b broadcast to y. Dtypes: float32, float64.
 * @example hypot(tensor([3]), tensor([4]))   // [5]
 * @throws ShapeError, DTypeError, ArgumentError
 */
export function hypot(a: Operand, b: Operand): Tensor {
  return op(operands("hypot", a, b));
}

register("hypot", hypot, { torch: "torch.hypot", elementwise: ["floats", "floats"] });

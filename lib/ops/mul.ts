import type { Tensor } from "../graph/tensor.js";
import { elementwise } from "./define.js";
import { type Operand, operands } from "./operand.js";

const op = elementwise<"a" | "b">("mul", {
  inputs: ["a", "b"],
  takes: "number",
  slope: {
    a: ({ b }) => b,
    b: ({ a }) => a,
  },
});

/**
 * y = a · b, element by element.
 * Shapes: a and b broadcast to y. Dtypes: float32, float64, int32.
 * @example mul(x, 0.5)
 * @throws ShapeError, DTypeError
 */
export function mul(a: Operand, b: Operand): Tensor {
  return op(operands("mul", a, b));
}

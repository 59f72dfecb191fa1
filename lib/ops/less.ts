import type { Tensor } from "../tensor/tensor.js";
import { elementwise } from "./elementwise.js";
import { type Operand, operands } from "./operand.js";

const op = elementwise<"a" | "b">("less", {
  inputs: ["a", "b"],
  takes: "any",
  gives: "bool",
});

/**
 * y = a < b, element by element. No gradient.
 * Shapes: a and b broadcast to y. Any dtype. Gives bool.
 * @example less(x, 0)
 * @throws ShapeError, DTypeError
 */
export function less(a: Operand, b: Operand): Tensor {
  return op(operands("less", a, b));
}

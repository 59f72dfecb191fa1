import type { Tensor } from "../tensor/tensor.js";
import { elementwise } from "./elementwise.js";
import { type Operand, operands } from "./operand.js";
import { type Method, register } from "./registry.js";

const op = elementwise<"a" | "b">("notEqual", {
  inputs: ["a", "b"],
  takes: "any",
  gives: "bool",
  kernel: "not_equal",
});

/**
 * y = a ≠ b, element by element. No gradient.
 * Shapes: a and b broadcast to y. Any dtype. Gives bool.
 * @example notEqual(x, 0)
 * @throws ShapeError, DTypeError
 */
export function notEqual(a: Operand, b: Operand): Tensor {
  return op(operands("notEqual", a, b));
}

declare module "../tensor/tensor.js" {
  interface Tensor {
    notEqual: Method<typeof notEqual>;
  }
}

register("notEqual", notEqual, { method: true, torch: "torch.ne", elementwise: ["ties", "ties"] });

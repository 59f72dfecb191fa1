import type { Tensor } from "../tensor/tensor.js";
import { elementwise } from "./elementwise.js";
import { type Operand, operands } from "./operand.js";
import { type Method, register } from "./registry.js";

const op = elementwise<"a" | "b">("lessEqual", {
  inputs: ["a", "b"],
  takes: "any",
  gives: "bool",
  kernel: "less_equal",
});

/**
 * y = a ≤ b, element by element. No gradient.
 * Shapes: a and b broadcast to y. Any dtype. Gives bool.
 * @example lessEqual(x, 0)
 * @throws ShapeError, DTypeError
 */
export function lessEqual(a: Operand, b: Operand): Tensor {
  return op(operands("lessEqual", a, b));
}

declare module "../tensor/tensor.js" {
  interface Tensor {
    lessEqual: Method<typeof lessEqual>;
  }
}

register("lessEqual", lessEqual, { method: true, torch: "torch.le", elementwise: ["ties", "ties"] });

import type { Tensor } from "../tensor/tensor.js";
import { elementwise } from "./elementwise.js";
import { type Operand, operands } from "./operand.js";
import { type Method, register } from "./registry.js";

const op = elementwise<"a" | "b">("greaterEqual", {
  inputs: ["a", "b"],
  takes: "any",
  gives: "bool",
  kernel: "greater_equal",
});

/**
 * y = a ≥ b, element by element. No gradient.
 * Shapes: a and b broadcast to y. Any dtype. Gives bool.
 * @example greaterEqual(x, 0)
 * @throws ShapeError, DTypeError
 */
export function greaterEqual(a: Operand, b: Operand): Tensor {
  return op(operands("greaterEqual", a, b));
}

declare module "../tensor/tensor.js" {
  interface Tensor {
    greaterEqual: Method<typeof greaterEqual>;
  }
}

register("greaterEqual", greaterEqual, { method: true, torch: "torch.ge", elementwise: ["ties", "ties"] });

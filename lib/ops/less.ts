import type { Tensor } from "../tensor/tensor.js";
import { elementwise } from "./elementwise.js";
import { type Operand, operands } from "./operand.js";
import { type Method, register } from "./registry.js";

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

declare module "../tensor/tensor.js" {
  interface Tensor {
    less: Method<typeof less>;
  }
}

register("less", less, { method: true, torch: "torch.lt", elementwise: ["ties", "ties"] });

import type { Tensor } from "../tensor/tensor.js";
import { elementwise } from "./elementwise.js";
import { type Operand, operands } from "./operand.js";
import { type Method, register } from "./registry.js";

const op = elementwise<"a" | "b">("equal", {
  inputs: ["a", "b"],
  takes: "any",
  gives: "bool",
});

/**
 * y = a = b, element by element. No gradient.
 * Shapes: a and b broadcast to y. Any dtype. Gives bool.
 * @example equal(x, 0)
 * @throws ShapeError, DTypeError
 */
export function equal(a: Operand, b: Operand): Tensor {
  return op(operands("equal", a, b));
}

declare module "../tensor/tensor.js" {
  interface Tensor {
    equal: Method<typeof equal>;
  }
}

register("equal", equal, { method: true, torch: "torch.eq", elementwise: ["ties", "ties"] });

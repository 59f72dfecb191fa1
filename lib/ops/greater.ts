import type { Tensor } from "../tensor/tensor.js";
import { elementwise } from "./elementwise.js";
import { type Operand, operands } from "./operand.js";
import { type Method, register } from "./registry.js";

const op = elementwise<"a" | "b">("greater", {
  inputs: ["a", "b"],
  takes: "any",
  gives: "bool",
});

/**
 * y = a > b, element by element. No gradient.
 * Shapes: a and b broadcast to y. Any dtype. Gives bool.
 * @example greater(x, 0)
 * @throws ShapeError, DTypeError
 */
export function greater(a: Operand, b: Operand): Tensor {
  return op(operands("greater", a, b));
}

declare module "../tensor/tensor.js" {
  interface Tensor {
    greater: Method<typeof greater>;
  }
}

register("greater", greater, { method: true, torch: "torch.gt", elementwise: ["ties", "ties"] });

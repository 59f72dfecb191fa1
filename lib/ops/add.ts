import type { Tensor } from "../tensor/tensor.js";
import { elementwise } from "./elementwise.js";
import { type Operand, operands } from "./operand.js";
import { type Method, register } from "./registry.js";

const op = elementwise<"a" | "b">("add", {
  inputs: ["a", "b"],
  takes: "number",
  slope: {
    a: 1,
    b: 1,
  },
});

/**
 * y = a + b, element by element.
 * Shapes: a and b broadcast to y. Dtypes: float32, float64, int32.
 * @example add(x, 1)
 * @throws ShapeError, DTypeError
 */
export function add(a: Operand, b: Operand): Tensor {
  return op(operands("add", a, b));
}

declare module "../tensor/tensor.js" {
  interface Tensor {
    add: Method<typeof add>;
  }
}

register("add", add, { method: true, torch: "torch.add", elementwise: ["floats", "floats"] });

import type { Tensor } from "../tensor/tensor.js";
import { elementwise } from "./elementwise.js";
import { type Operand, operands } from "./operand.js";
import { type Method, register } from "./registry.js";

const op = elementwise<"a" | "b">("sub", {
  inputs: ["a", "b"],
  takes: "number",
  slope: {
    a: 1,
    b: -1,
  },
});

/**
 * y = a − b, element by element.
 * Shapes: a and b broadcast to y. Dtypes: float32, float64, int32.
 * @example sub(1, x)
 * @throws ShapeError, DTypeError
 */
export function sub(a: Operand, b: Operand): Tensor {
  return op(operands("sub", a, b));
}

declare module "../tensor/tensor.js" {
  interface Tensor {
    sub: Method<typeof sub>;
  }
}

register("sub", sub, { method: true, torch: "torch.sub", elementwise: ["floats", "floats"] });

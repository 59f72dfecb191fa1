import type { Tensor } from "../tensor/tensor.js";
import { elementwise } from "./elementwise.js";
import { type Operand, operands } from "./operand.js";
import { register } from "./registry.js";

const op = elementwise<"a" | "b">("logicalAnd", {
  inputs: ["a", "b"],
  takes: "bool",
  kernel: "logical_and",
});

/**
 * y = a and b, element by element. No gradient.
 * Shapes: a and b broadcast to y. Dtype: bool.
 * @throws ShapeError, DTypeError
 */
export function logicalAnd(a: Operand, b: Operand): Tensor {
  return op(operands("logicalAnd", a, b));
}

register("logicalAnd", logicalAnd, { torch: "torch.logical_and", elementwise: ["truths", "truths"] });

import type { Tensor } from "../tensor/tensor.js";
import { elementwise } from "./elementwise.js";
import { type Operand, operands } from "./operand.js";
import { register } from "./registry.js";

const op = elementwise<"a" | "b">("logicalOr", {
  inputs: ["a", "b"],
  takes: "bool",
  kernel: "logical_or",
});

/**
 * y = a or b, element by element. No gradient.
 * Shapes: a and b broadcast to y. Dtype: bool.
 * @throws ShapeError, DTypeError
 */
export function logicalOr(a: Operand, b: Operand): Tensor {
  return op(operands("logicalOr", a, b));
}

register("logicalOr", logicalOr, { torch: "torch.logical_or", elementwise: ["truths", "truths"] });

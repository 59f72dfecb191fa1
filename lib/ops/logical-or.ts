import type { Tensor } from "../tensor/tensor.js";
import { elementwise } from "./elementwise.js";
import type { Operand } from "./operand.js";
import { register } from "./registry.js";
import { truths } from "./truths.js";

const op = elementwise<"a" | "b">("logicalOr", {
  inputs: ["a", "b"],
  takes: "bool",
  kernel: "logical_or",
});

/**
 * y = a or b, element by element. No gradient.
 * Shapes: a and b broadcast to y. Any dtype: all but 0 is true. Gives bool.
 * @throws ShapeError, DTypeError
 */
export function logicalOr(a: Operand, b: Operand): Tensor {
  return op(truths("logicalOr", a, b));
}

register("logicalOr", logicalOr, {
  torch: "torch.logical_or",
  elementwise: ["truths", "truths"],
  cases: ({ truths, values }) => ({
    numbers: [values([0, -0, NaN, 2]), values([0, 1, 0, -1])],
    "whole numbers and truths": [values([0, 3, -1], "int32"), truths([3])],
  }),
});

import type { Tensor } from "../tensor/tensor.js";
import { elementwise } from "./elementwise.js";
import type { Operand } from "./operand.js";
import { register } from "./registry.js";
import { truths } from "./truths.js";

const op = elementwise<"a" | "b">("logicalAnd", {
  inputs: ["a", "b"],
  takes: "bool",
  kernel: "logical_and",
});

/**
 * y = a and b, element by element. No gradient.
 * Shapes: a and b broadcast to y. Any dtype: all but 0 is true. Gives bool.
 * @throws ShapeError, DTypeError
 */
export function logicalAnd(a: Operand, b: Operand): Tensor {
  return op(truths("logicalAnd", a, b));
}

register("logicalAnd", logicalAnd, {
  torch: "torch.logical_and",
  elementwise: ["truths", "truths"],
  cases: ({ truths, values }) => ({
    numbers: [values([0, -0, NaN, 2]), values([1, 1, 1, -1])],
    "whole numbers and truths": [values([0, 3, -1], "int32"), truths([3])],
  }),
});

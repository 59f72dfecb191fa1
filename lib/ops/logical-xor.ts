import type { Tensor } from "../tensor/tensor.js";
import { broadcastSpec } from "./define.js";
import { notEqual } from "./not-equal.js";
import type { Operand } from "./operand.js";
import { register } from "./registry.js";
import { truths } from "./truths.js";

/**
 * Whether just one of a and b is true. No gradient.
 * Shapes: a and b broadcast to y. Any dtype: all but 0 is true. Gives bool.
 * @example logicalXor(greater(x, 0), greater(y, 0))
 * @throws ShapeError, DTypeError
 */
export function logicalXor(a: Operand, b: Operand): Tensor {
  const [x, y] = truths("logicalXor", a, b);
  broadcastSpec("logicalXor", ["a", "b"], [x, y], "bool");
  return notEqual(x, y);
}

register("logicalXor", logicalXor, {
  torch: "torch.logical_xor",
  elementwise: ["truths", "truths"],
  cases: ({ truths, values }) => ({
    numbers: [values([0, -0, NaN, 2]), values([1, 0, 1, -1])],
    "whole numbers and truths": [values([0, 3, -1], "int32"), truths([3])],
  }),
});

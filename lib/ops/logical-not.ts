import type { Tensor } from "../tensor/tensor.js";
import { elementwise } from "./elementwise.js";
import { register } from "./registry.js";
import { truthsOf } from "./truths.js";

const op = elementwise("logicalNot", { takes: "bool", kernel: "logical_not" });

/**
 * y = not x, element by element. No gradient.
 * Shapes: x → y, the same. Any dtype: all but 0 is true. Gives bool.
 * @throws ArgumentError
 */
export function logicalNot(x: Tensor): Tensor {
  return op([truthsOf("logicalNot", "x", x)]);
}

register("logicalNot", logicalNot, {
  torch: "torch.logical_not",
  elementwise: ["truths"],
  cases: ({ values }) => ({ numbers: [values([0, -0, NaN, 2])], int32: [values([0, 3, -1], "int32")] }),
});

import type { Tensor } from "../tensor/tensor.js";
import { elementwise } from "./elementwise.js";
import { register } from "./registry.js";

const op = elementwise("logicalNot", { takes: "bool", kernel: "logical_not" });

/**
 * y = not x, element by element. No gradient.
 * Shapes: x → y, the same. Dtype: bool.
 * @throws DTypeError
 */
export function logicalNot(x: Tensor): Tensor {
  return op([x]);
}

register("logicalNot", logicalNot, { torch: "torch.logical_not", elementwise: ["truths"] });

import type { Tensor } from "../tensor/tensor.js";
import { elementwise } from "./elementwise.js";

const op = elementwise("logicalNot", { takes: "bool", kernel: "logical_not" });

/**
 * y = not x, element by element. No gradient.
 * Shapes: x → y, the same. Dtype: bool.
 * @throws DTypeError
 */
export function logicalNot(x: Tensor): Tensor {
  return op([x]);
}

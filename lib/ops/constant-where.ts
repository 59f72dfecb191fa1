import type { Tensor } from "../tensor/tensor.js";
import { where } from "./where.js";

/**
 * f(x), and where the mask holds the number `value`, a constant: every derivative is 0 there. f sees the number
 * `safe` in these places, so that no 0 of the mask meets an infinite derivative of f, which would be NaN.
 */
export function constantWhere(
  mask: Tensor,
  value: number,
  x: Tensor,
  safe: number,
  f: (x: Tensor) => Tensor,
): Tensor {
  return where(mask, value, f(where(mask, safe, x)));
}

import type { Tensor } from "../tensor/tensor.js";
import { neg } from "./neg.js";
import { softmax } from "./softmax.js";

/**
 * y_i = e^(−x_i) / Σ_j e^(−x_j) along an axis (torch.nn.functional.softmin): of distances, which is near.
 * Shapes: x → y, the same. Dtypes: float32, float64.
 * @example softmin(tensor([1, 2]))   // [0.731, 0.269]
 * @throws ShapeError, DTypeError, OptionError
 */
export function softmin(x: Tensor, options: { readonly dim?: number } = {}): Tensor {
  return softmax(neg(x), options);
}

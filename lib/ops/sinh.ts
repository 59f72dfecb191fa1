import type { Tensor } from "../tensor/tensor.js";
import { hyperbolicSine } from "./sine-and-cosine.js";

/**
 * y = sinh x. Slope cosh x.
 * Shapes: x → y, the same. Dtypes: float32, float64.
 * @throws DTypeError
 */
export function sinh(x: Tensor): Tensor {
  return hyperbolicSine([x]);
}

import type { Tensor } from "../tensor/tensor.js";
import { hyperbolicCosine } from "./sine-and-cosine.js";

/**
 * y = cosh x. Slope sinh x.
 * Shapes: x → y, the same. Dtypes: float32, float64.
 * @throws DTypeError
 */
export function cosh(x: Tensor): Tensor {
  return hyperbolicCosine([x]);
}

import type { Tensor } from "../tensor/tensor.js";
import { sine } from "./sine-and-cosine.js";

/**
 * y = sin x. Slope cos x.
 * Shapes: x → y, the same. Dtypes: float32, float64.
 * @throws DTypeError
 */
export function sin(x: Tensor): Tensor {
  return sine([x]);
}

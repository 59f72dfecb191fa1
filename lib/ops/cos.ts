import type { Tensor } from "../tensor/tensor.js";
import { cosine } from "./sine-and-cosine.js";

/**
 * y = cos x. Slope −sin x.
 * Shapes: x → y, the same. Dtypes: float32, float64.
 * @throws DTypeError
 */
export function cos(x: Tensor): Tensor {
  return cosine([x]);
}

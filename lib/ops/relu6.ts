import type { Tensor } from "../tensor/tensor.js";
import { hardtanh } from "./hardtanh.js";

/**
 * y = min(max(x, 0), 6) (torch.nn.functional.relu6). Slope 1 between 0 and 6, else 0.
 * Shapes: x → y, the same. Dtypes: float32, float64.
 * @example relu6(tensor([-1, 2, 7]))   // [0, 2, 6]
 * @throws DTypeError
 */
export function relu6(x: Tensor): Tensor {
  return hardtanh(x, 0, 6);
}

import type { Tensor } from "../tensor/tensor.js";
import { mul } from "./mul.js";
import { sigmoid } from "./sigmoid.js";

/**
 * y = x·σ(x), also called swish (torch.nn.functional.silu).
 * Shapes: x → y, the same. Dtypes: float32, float64.
 * @example silu(tensor([-1, 2]))   // [-0.269, 1.762]
 * @throws DTypeError
 */
export function silu(x: Tensor): Tensor {
  return mul(x, sigmoid(x));
}

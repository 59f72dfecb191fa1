import type { Tensor } from "../tensor/tensor.js";
import { type Method, register } from "./registry.js";
import { hyperbolicCosine } from "./sine-and-cosine.js";

/**
 * y = cosh x. Slope sinh x.
 * Shapes: x → y, the same. Dtypes: float32, float64.
 * @throws DTypeError
 */
export function cosh(x: Tensor): Tensor {
  return hyperbolicCosine([x]);
}

declare module "../tensor/tensor.js" {
  interface Tensor {
    cosh: Method<typeof cosh>;
  }
}

register("cosh", cosh, { method: true, torch: "torch.cosh", elementwise: ["floats"] });

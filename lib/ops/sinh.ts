import type { Tensor } from "../tensor/tensor.js";
import { type Method, register } from "./registry.js";
import { hyperbolicSine } from "./sine-and-cosine.js";

/**
 * y = sinh x. Slope cosh x.
 * Shapes: x → y, the same. Dtypes: float32, float64.
 * @throws DTypeError
 */
export function sinh(x: Tensor): Tensor {
  return hyperbolicSine([x]);
}

declare module "../tensor/tensor.js" {
  interface Tensor {
    sinh: Method<typeof sinh>;
  }
}

register("sinh", sinh, { method: true, torch: "torch.sinh", elementwise: ["floats"] });

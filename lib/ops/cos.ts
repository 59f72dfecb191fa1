import type { Tensor } from "../tensor/tensor.js";
import { type Method, register } from "./registry.js";
import { cosine } from "./sine-and-cosine.js";

/**
 * y = cos x. Slope −sin x.
 * Shapes: x → y, the same. Dtypes: float32, float64.
 * @throws DTypeError
 */
export function cos(x: Tensor): Tensor {
  return cosine([x]);
}

declare module "../tensor/tensor.js" {
  interface Tensor {
    cos: Method<typeof cos>;
  }
}

register("cos", cos, { method: true, torch: "torch.cos", elementwise: ["floats"] });

import type { Tensor } from "../tensor/tensor.js";
import { type Method, register } from "./registry.js";
import { sine } from "./sine-and-cosine.js";

/**
 * y = sin x. Slope cos x.
 * Shapes: x → y, the same. Dtypes: float32, float64.
 * @throws DTypeError
 */
export function sin(x: Tensor): Tensor {
  return sine([x]);
}

declare module "../tensor/tensor.js" {
  interface Tensor {
    sin: Method<typeof sin>;
  }
}

register("sin", sin, { method: true, torch: "torch.sin", elementwise: ["floats"] });

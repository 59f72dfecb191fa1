import type { Tensor } from "../tensor/tensor.js";
import { elementwise } from "./elementwise.js";
import { type Method, register } from "./registry.js";
import { rsqrt } from "./rsqrt.js";
import { square } from "./square.js";
import { sub } from "./sub.js";

const op = elementwise("asin", { takes: "float", slope: { x: ({ x }) => rsqrt(sub(1, square(x))) } });

/**
 * y = arcsin x; NaN outside [−1, 1]. Slope 1/√(1 − x²).
 * Shapes: x → y, the same. Dtypes: float32, float64.
 * @throws DTypeError
 */
export function asin(x: Tensor): Tensor {
  return op([x]);
}

declare module "../tensor/tensor.js" {
  interface Tensor {
    asin: Method<typeof asin>;
  }
}

register("asin", asin, { method: true, torch: "torch.asin", elementwise: [[-0.9, 0.9]] });

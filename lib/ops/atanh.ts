import type { Tensor } from "../tensor/tensor.js";
import { elementwise } from "./elementwise.js";
import { reciprocal } from "./reciprocal.js";
import { type Method, register } from "./registry.js";
import { square } from "./square.js";
import { sub } from "./sub.js";

const op = elementwise("atanh", { takes: "float", slope: { x: ({ x }) => reciprocal(sub(1, square(x))) } });

/**
 * y = artanh x; NaN outside [−1, 1]. Slope 1/(1 − x²).
 * Shapes: x → y, the same. Dtypes: float32, float64.
 * @throws DTypeError
 */
export function atanh(x: Tensor): Tensor {
  return op([x]);
}

declare module "../tensor/tensor.js" {
  interface Tensor {
    atanh: Method<typeof atanh>;
  }
}

register("atanh", atanh, { method: true, torch: "torch.atanh", elementwise: [[-0.9, 0.9]] });

import type { Tensor } from "../tensor/tensor.js";
import { elementwise } from "./elementwise.js";
import { neg } from "./neg.js";
import { type Method, register } from "./registry.js";
import { rsqrt } from "./rsqrt.js";
import { square } from "./square.js";
import { sub } from "./sub.js";

const op = elementwise("acos", { takes: "float", slope: { x: ({ x }) => neg(rsqrt(sub(1, square(x)))) } });

/**
 * y = arccos x; NaN outside [−1, 1]. Slope −1/√(1 − x²).
 * Shapes: x → y, the same. Dtypes: float32, float64.
 * @throws DTypeError
 */
export function acos(x: Tensor): Tensor {
  return op([x]);
}

declare module "../tensor/tensor.js" {
  interface Tensor {
    acos: Method<typeof acos>;
  }
}

register("acos", acos, { method: true, torch: "torch.acos", elementwise: [[-0.9, 0.9]] });

import type { Tensor } from "../tensor/tensor.js";
import { add } from "./add.js";
import { elementwise } from "./elementwise.js";
import { reciprocal } from "./reciprocal.js";
import { type Method, register } from "./registry.js";

const op = elementwise("log1p", { takes: "float", slope: { x: ({ x }) => reciprocal(add(x, 1)) } });

/**
 * y = ln(1 + x), exact near 0; NaN below −1. Slope 1/(1 + x).
 * Shapes: x → y, the same. Dtypes: float32, float64.
 * @throws DTypeError
 */
export function log1p(x: Tensor): Tensor {
  return op([x]);
}

declare module "../tensor/tensor.js" {
  interface Tensor {
    log1p: Method<typeof log1p>;
  }
}

register("log1p", log1p, { method: true, torch: "torch.log1p", elementwise: [[-0.9, 0.9]] });

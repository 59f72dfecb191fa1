import type { Tensor } from "../tensor/tensor.js";
import { elementwise } from "./elementwise.js";
import { mul } from "./mul.js";
import { reciprocal } from "./reciprocal.js";
import { type Method, register } from "./registry.js";

const op = elementwise("log2", { takes: "float", slope: { x: ({ x }) => reciprocal(mul(x, Math.LN2)) } });

/**
 * y = log₂ x; NaN below 0. Slope 1/(x·ln 2).
 * Shapes: x → y, the same. Dtypes: float32, float64.
 * @throws DTypeError
 */
export function log2(x: Tensor): Tensor {
  return op([x]);
}

declare module "../tensor/tensor.js" {
  interface Tensor {
    log2: Method<typeof log2>;
  }
}

register("log2", log2, { method: true, torch: "torch.log2", elementwise: [[0.1, 4]] });

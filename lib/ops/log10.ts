import type { Tensor } from "../tensor/tensor.js";
import { elementwise } from "./elementwise.js";
import { mul } from "./mul.js";
import { reciprocal } from "./reciprocal.js";
import { type Method, register } from "./registry.js";

const op = elementwise("log10", { takes: "float", slope: { x: ({ x }) => reciprocal(mul(x, Math.LN10)) } });

/**
 * y = log₁₀ x; NaN below 0. Slope 1/(x·ln 10).
 * Shapes: x → y, the same. Dtypes: float32, float64.
 * @throws DTypeError
 */
export function log10(x: Tensor): Tensor {
  return op([x]);
}

declare module "../tensor/tensor.js" {
  interface Tensor {
    log10: Method<typeof log10>;
  }
}

register("log10", log10, { method: true, torch: "torch.log10", elementwise: [[0.1, 4]] });

import type { Tensor } from "../tensor/tensor.js";
import { elementwise } from "./elementwise.js";
import { reciprocal } from "./reciprocal.js";
import { type Method, register } from "./registry.js";

const op = elementwise("log", { takes: "float", slope: { x: ({ x }) => reciprocal(x) } });

/**
 * y = ln x; −∞ at 0, NaN below. Slope 1/x.
 * Shapes: x → y, the same. Dtypes: float32, float64.
 * @throws DTypeError
 */
export function log(x: Tensor): Tensor {
  return op([x]);
}

declare module "../tensor/tensor.js" {
  interface Tensor {
    log: Method<typeof log>;
  }
}

register("log", log, { method: true, torch: "torch.log", elementwise: [[0.1, 4]] });

import type { Tensor } from "../tensor/tensor.js";
import { elementwise } from "./elementwise.js";
import { type Method, register } from "./registry.js";
import { sign } from "./sign.js";

const op = elementwise("abs", { takes: "number", slope: { x: ({ x }) => sign(x) } });

/**
 * y = |x|. Slope sign(x): 0 at 0.
 * Shapes: x → y, the same. Dtypes: float32, float64, int32.
 * @throws DTypeError
 */
export function abs(x: Tensor): Tensor {
  return op([x]);
}

declare module "../tensor/tensor.js" {
  interface Tensor {
    abs: Method<typeof abs>;
  }
}

register("abs", abs, { method: true, torch: "torch.abs", elementwise: ["floats"] });

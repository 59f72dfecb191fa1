import type { Tensor } from "../tensor/tensor.js";
import { elementwise } from "./elementwise.js";
import { type Method, register } from "./registry.js";

const op = elementwise("sign", { takes: "number", slope: { x: 0 } });

/**
 * y = −1, 0 or 1 as x is negative, 0 or positive. Slope 0.
 * Shapes: x → y, the same. Dtypes: float32, float64, int32.
 * @throws DTypeError
 */
export function sign(x: Tensor): Tensor {
  return op([x]);
}

declare module "../tensor/tensor.js" {
  interface Tensor {
    sign: Method<typeof sign>;
  }
}

register("sign", sign, { method: true, torch: "torch.sign", elementwise: ["floats"] });

import type { Tensor } from "../tensor/tensor.js";
import { elementwise } from "./elementwise.js";
import { mul } from "./mul.js";
import { type Method, register } from "./registry.js";
import { sub } from "./sub.js";

const op = elementwise("sigmoid", { takes: "float", slope: { x: ({ y }) => mul(y, sub(1, y)) } });

/**
 * y = 1/(1 + e⁻ˣ). Slope y·(1 − y).
 * Shapes: x → y, the same. Dtypes: float32, float64.
 * @throws DTypeError
 */
export function sigmoid(x: Tensor): Tensor {
  return op([x]);
}

declare module "../tensor/tensor.js" {
  interface Tensor {
    sigmoid: Method<typeof sigmoid>;
  }
}

register("sigmoid", sigmoid, { method: true, torch: "torch.sigmoid", elementwise: ["floats"] });

import type { Tensor } from "../tensor/tensor.js";
import { elementwise } from "./elementwise.js";
import { type Method, register } from "./registry.js";

const op = elementwise("exp", { takes: "float", slope: { x: ({ y }) => y } });

/**
 * y = eˣ. Slope y.
 * Shapes: x → y, the same. Dtypes: float32, float64.
 * @throws DTypeError
 */
export function exp(x: Tensor): Tensor {
  return op([x]);
}

declare module "../tensor/tensor.js" {
  interface Tensor {
    exp: Method<typeof exp>;
  }
}

register("exp", exp, { method: true, torch: "torch.exp", elementwise: ["floats"] });

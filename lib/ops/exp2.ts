import type { Tensor } from "../tensor/tensor.js";
import { elementwise } from "./elementwise.js";
import { mul } from "./mul.js";
import { type Method, register } from "./registry.js";

const op = elementwise("exp2", { takes: "float", slope: { x: ({ y }) => mul(y, Math.LN2) } });

/**
 * y = 2ˣ. Slope y·ln 2.
 * Shapes: x → y, the same. Dtypes: float32, float64.
 * @throws DTypeError
 */
export function exp2(x: Tensor): Tensor {
  return op([x]);
}

declare module "../tensor/tensor.js" {
  interface Tensor {
    exp2: Method<typeof exp2>;
  }
}

register("exp2", exp2, { method: true, torch: "torch.exp2", elementwise: ["floats"] });

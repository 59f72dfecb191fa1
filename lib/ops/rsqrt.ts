import type { Tensor } from "../tensor/tensor.js";
import { elementwise } from "./elementwise.js";
import { mul } from "./mul.js";
import { pow } from "./pow.js";
import { type Method, register } from "./registry.js";

const op = elementwise("rsqrt", { takes: "float", slope: { x: ({ y }) => mul(pow(y, 3), -0.5) } });

/**
 * y = 1/√x; ∞ at 0, NaN below. Slope −½·y³.
 * Shapes: x → y, the same. Dtypes: float32, float64.
 * @throws DTypeError
 */
export function rsqrt(x: Tensor): Tensor {
  return op([x]);
}

declare module "../tensor/tensor.js" {
  interface Tensor {
    rsqrt: Method<typeof rsqrt>;
  }
}

register("rsqrt", rsqrt, { method: true, torch: "torch.rsqrt", elementwise: [[0.1, 4]] });

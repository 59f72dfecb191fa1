import type { Tensor } from "../tensor/tensor.js";
import { elementwise } from "./elementwise.js";
import { type Method, register } from "./registry.js";
import { rsqrt } from "./rsqrt.js";
import { square } from "./square.js";
import { sub } from "./sub.js";

const op = elementwise("acosh", { takes: "float", slope: { x: ({ x }) => rsqrt(sub(square(x), 1)) } });

/**
 * y = arcosh x; NaN below 1. Slope 1/√(x² − 1).
 * Shapes: x → y, the same. Dtypes: float32, float64.
 * @throws DTypeError
 */
export function acosh(x: Tensor): Tensor {
  return op([x]);
}

declare module "../tensor/tensor.js" {
  interface Tensor {
    acosh: Method<typeof acosh>;
  }
}

register("acosh", acosh, { method: true, torch: "torch.acosh", elementwise: [[1.1, 4]] });

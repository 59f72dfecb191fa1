import type { Tensor } from "../tensor/tensor.js";
import { add } from "./add.js";
import { elementwise } from "./elementwise.js";
import { reciprocal } from "./reciprocal.js";
import { type Method, register } from "./registry.js";
import { square } from "./square.js";

const op = elementwise("atan", { takes: "float", slope: { x: ({ x }) => reciprocal(add(square(x), 1)) } });

/**
 * y = arctan x. Slope 1/(1 + x²).
 * Shapes: x → y, the same. Dtypes: float32, float64.
 * @throws DTypeError
 */
export function atan(x: Tensor): Tensor {
  return op([x]);
}

declare module "../tensor/tensor.js" {
  interface Tensor {
    atan: Method<typeof atan>;
  }
}

register("atan", atan, { method: true, torch: "torch.atan", elementwise: ["floats"] });

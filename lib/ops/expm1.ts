import type { Tensor } from "../tensor/tensor.js";
import { add } from "./add.js";
import { elementwise } from "./elementwise.js";
import { type Method, register } from "./registry.js";

const op = elementwise("expm1", { takes: "float", slope: { x: ({ y }) => add(y, 1) } });

/**
 * y = eˣ − 1, exact near 0. Slope y + 1.
 * Shapes: x → y, the same. Dtypes: float32, float64.
 * @throws DTypeError
 */
export function expm1(x: Tensor): Tensor {
  return op([x]);
}

declare module "../tensor/tensor.js" {
  interface Tensor {
    expm1: Method<typeof expm1>;
  }
}

register("expm1", expm1, { method: true, torch: "torch.expm1", elementwise: ["floats"] });

import type { Tensor } from "../tensor/tensor.js";
import { elementwise } from "./elementwise.js";
import { mul } from "./mul.js";
import { type Method, register } from "./registry.js";

const op = elementwise("square", { takes: "number", slope: { x: ({ x }) => mul(x, 2) } });

/**
 * y = x².
 * Shapes: x → y, the same. Dtypes: float32, float64, int32.
 * @throws DTypeError
 */
export function square(x: Tensor): Tensor {
  return op([x]);
}

declare module "../tensor/tensor.js" {
  interface Tensor {
    square: Method<typeof square>;
  }
}

register("square", square, { method: true, torch: "torch.square", elementwise: ["floats"] });

import type { Tensor } from "../tensor/tensor.js";
import { elementwise } from "./elementwise.js";
import { type Method, register } from "./registry.js";
import { square } from "./square.js";
import { sub } from "./sub.js";

const op = elementwise("tanh", { takes: "float", slope: { x: ({ y }) => sub(1, square(y)) } });

/**
 * y = tanh x. Slope 1 − y².
 * Shapes: x → y, the same. Dtypes: float32, float64.
 * @throws DTypeError
 */
export function tanh(x: Tensor): Tensor {
  return op([x]);
}

declare module "../tensor/tensor.js" {
  interface Tensor {
    tanh: Method<typeof tanh>;
  }
}

register("tanh", tanh, { method: true, torch: "torch.tanh", elementwise: ["floats"] });

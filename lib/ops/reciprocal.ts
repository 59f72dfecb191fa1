import type { Tensor } from "../tensor/tensor.js";
import { elementwise } from "./elementwise.js";
import { neg } from "./neg.js";
import { type Method, register } from "./registry.js";
import { square } from "./square.js";

const op = elementwise("reciprocal", { takes: "float", slope: { x: ({ y }) => neg(square(y)) } });

/**
 * y = 1/x. Slope −y².
 * Shapes: x → y, the same. Dtypes: float32, float64.
 * @throws DTypeError
 */
export function reciprocal(x: Tensor): Tensor {
  return op([x]);
}

declare module "../tensor/tensor.js" {
  interface Tensor {
    reciprocal: Method<typeof reciprocal>;
  }
}

register("reciprocal", reciprocal, { method: true, torch: "torch.reciprocal", elementwise: ["floats"] });

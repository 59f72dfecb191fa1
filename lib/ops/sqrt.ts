import type { Tensor } from "../tensor/tensor.js";
import { div } from "./div.js";
import { elementwise } from "./elementwise.js";
import { type Method, register } from "./registry.js";

const op = elementwise("sqrt", { takes: "float", slope: { x: ({ y }) => div(0.5, y) } });

/**
 * y = √x; NaN for x < 0. Slope 1/(2y).
 * Shapes: x → y, the same. Dtypes: float32, float64.
 * @throws DTypeError
 */
export function sqrt(x: Tensor): Tensor {
  return op([x]);
}

declare module "../tensor/tensor.js" {
  interface Tensor {
    sqrt: Method<typeof sqrt>;
  }
}

register("sqrt", sqrt, { method: true, torch: "torch.sqrt", elementwise: [[0.1, 4]] });

import type { Tensor } from "../tensor/tensor.js";
import { elementwise } from "./elementwise.js";

const op = elementwise("trunc", { takes: "float", slope: { x: 0 } });

/**
 * y = the whole number next to x towards 0. Slope 0.
 * Shapes: x → y, the same. Dtypes: float32, float64.
 * @throws DTypeError
 */
export function trunc(x: Tensor): Tensor {
  return op([x]);
}

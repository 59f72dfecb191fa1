import type { Tensor } from "../tensor/tensor.js";
import { elementwise } from "./elementwise.js";

const op = elementwise("round", { takes: "float", slope: { x: 0 } });

/**
 * y = the nearest whole number; of two, the even one. Slope 0.
 * Shapes: x → y, the same. Dtypes: float32, float64.
 * @throws DTypeError
 */
export function round(x: Tensor): Tensor {
  return op([x]);
}

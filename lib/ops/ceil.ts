import type { Tensor } from "../tensor/tensor.js";
import { elementwise } from "./elementwise.js";

const op = elementwise("ceil", { takes: "float", slope: { x: 0 } });

/**
 * y = the smallest whole number ≥ x. Slope 0.
 * Shapes: x → y, the same. Dtypes: float32, float64.
 * @throws DTypeError
 */
export function ceil(x: Tensor): Tensor {
  return op([x]);
}

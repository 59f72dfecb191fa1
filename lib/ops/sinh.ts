import type { Tensor } from "../tensor/tensor.js";
import { cosh } from "./cosh.js";
import { elementwise } from "./elementwise.js";

const op = elementwise("sinh", { takes: "float", slope: { x: ({ x }) => cosh(x) } });

/**
 * y = sinh x. Slope cosh x.
 * Shapes: x → y, the same. Dtypes: float32, float64.
 * @throws DTypeError
 */
export function sinh(x: Tensor): Tensor {
  return op([x]);
}

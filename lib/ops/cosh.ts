import type { Tensor } from "../tensor/tensor.js";
import { elementwise } from "./elementwise.js";
import { sinh } from "./sinh.js";

const op = elementwise("cosh", { takes: "float", slope: { x: ({ x }) => sinh(x) } });

/**
 * y = cosh x. Slope sinh x.
 * Shapes: x → y, the same. Dtypes: float32, float64.
 * @throws DTypeError
 */
export function cosh(x: Tensor): Tensor {
  return op([x]);
}

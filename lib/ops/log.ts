import type { Tensor } from "../tensor/tensor.js";
import { elementwise } from "./elementwise.js";
import { reciprocal } from "./reciprocal.js";

const op = elementwise("log", { takes: "float", slope: { x: ({ x }) => reciprocal(x) } });

/**
 * y = ln x; −∞ at 0, NaN below. Slope 1/x.
 * Shapes: x → y, the same. Dtypes: float32, float64.
 * @throws DTypeError
 */
export function log(x: Tensor): Tensor {
  return op([x]);
}

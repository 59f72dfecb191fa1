import type { Tensor } from "../tensor/tensor.js";
import { elementwise } from "./elementwise.js";
import { reciprocal } from "./reciprocal.js";
import { square } from "./square.js";
import { sub } from "./sub.js";

const op = elementwise("atanh", { takes: "float", slope: { x: ({ x }) => reciprocal(sub(1, square(x))) } });

/**
 * y = artanh x; NaN outside [−1, 1]. Slope 1/(1 − x²).
 * Shapes: x → y, the same. Dtypes: float32, float64.
 * @throws DTypeError
 */
export function atanh(x: Tensor): Tensor {
  return op([x]);
}

import type { Tensor } from "../tensor/tensor.js";
import { elementwise } from "./elementwise.js";
import { sign } from "./sign.js";

const op = elementwise("abs", { takes: "number", slope: { x: ({ x }) => sign(x) } });

/**
 * y = |x|. Slope sign(x): 0 at 0.
 * Shapes: x → y, the same. Dtypes: float32, float64, int32.
 * @throws DTypeError
 */
export function abs(x: Tensor): Tensor {
  return op([x]);
}

import type { Tensor } from "../graph/tensor.js";
import { elementwise } from "./define.js";

const op = elementwise("neg", { takes: "number", slope: { x: -1 } });

/**
 * y = −x.
 * Shapes: x → y, the same. Dtypes: float32, float64, int32.
 * @throws DTypeError
 */
export function neg(x: Tensor): Tensor {
  return op([x]);
}

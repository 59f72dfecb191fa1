import type { Tensor } from "../tensor/tensor.js";
import { add } from "./add.js";
import { elementwise } from "./elementwise.js";

const op = elementwise("expm1", { takes: "float", slope: { x: ({ y }) => add(y, 1) } });

/**
 * y = eˣ − 1, exact near 0. Slope y + 1.
 * Shapes: x → y, the same. Dtypes: float32, float64.
 * @throws DTypeError
 */
export function expm1(x: Tensor): Tensor {
  return op([x]);
}

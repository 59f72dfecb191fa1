import type { Tensor } from "../tensor/tensor.js";
import { cos } from "./cos.js";
import { elementwise } from "./elementwise.js";

const op = elementwise("sin", { takes: "float", slope: { x: ({ x }) => cos(x) } });

/**
 * y = sin x. Slope cos x.
 * Shapes: x → y, the same. Dtypes: float32, float64.
 * @throws DTypeError
 */
export function sin(x: Tensor): Tensor {
  return op([x]);
}

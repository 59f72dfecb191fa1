import type { Tensor } from "../tensor/tensor.js";
import { elementwise } from "./elementwise.js";
import { neg } from "./neg.js";
import { sin } from "./sin.js";

const op = elementwise("cos", { takes: "float", slope: { x: ({ x }) => neg(sin(x)) } });

/**
 * y = cos x. Slope −sin x.
 * Shapes: x → y, the same. Dtypes: float32, float64.
 * @throws DTypeError
 */
export function cos(x: Tensor): Tensor {
  return op([x]);
}

import type { Tensor } from "../tensor/tensor.js";
import { elementwise } from "./elementwise.js";
import { register } from "./registry.js";

const op = elementwise("heaviside", { takes: "number", slope: { x: 0 } });

/**
 * y = 1 where x > 0, else 0 (torch.heaviside with value 0 at 0). Slope 0.
 * Shapes: x → y, the same. Dtypes: float32, float64, int32.
 * @throws DTypeError
 */
export function heaviside(x: Tensor): Tensor {
  return op([x]);
}

register("heaviside", heaviside, {
  torch: "lambda x: torch.heaviside(x, torch.zeros((), dtype=x.dtype))",
  elementwise: ["floats"],
  order: 0,
});

import type { Tensor } from "../tensor/tensor.js";
import { elementwise } from "./elementwise.js";
import { heaviside } from "./heaviside.js";
import { type Method, register } from "./registry.js";

const op = elementwise("relu", { takes: "number", slope: { x: ({ y }) => heaviside(y) } });

/**
 * y = max(x, 0); NaN stays NaN. Slope 1 where x > 0, else 0 (torch.nn.functional.relu).
 * Shapes: x → y, the same. Dtypes: float32, float64, int32.
 * @example relu(tensor([-1, 2]))   // [0, 2]
 * @throws DTypeError
 */
export function relu(x: Tensor): Tensor {
  return op([x]);
}

declare module "../tensor/tensor.js" {
  interface Tensor {
    relu: Method<typeof relu>;
  }
}

register("relu", relu, { method: true, torch: "torch.relu", elementwise: ["floats"] });

import type { Tensor } from "../tensor/tensor.js";
import { elementwise } from "./elementwise.js";
import { type Method, register } from "./registry.js";

const op = elementwise("ceil", { takes: "float", slope: { x: 0 } });

/**
 * y = the smallest whole number ≥ x. Slope 0.
 * Shapes: x → y, the same. Dtypes: float32, float64.
 * @throws DTypeError
 */
export function ceil(x: Tensor): Tensor {
  return op([x]);
}

declare module "../tensor/tensor.js" {
  interface Tensor {
    ceil: Method<typeof ceil>;
  }
}

register("ceil", ceil, {
  method: true,
  torch: "torch.ceil",
  elementwise: ["floats"],
  cases: ({ values }) => ({
    halves: [values([-2.5, -1.5, -0.5, 0.5, 1.5, 2.5, 0.49999999999999994, 2 ** 51 + 0.5])],
  }),
});

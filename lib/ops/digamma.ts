import type { Tensor } from "../tensor/tensor.js";
import { elementwise } from "./elementwise.js";
import { polygamma } from "./polygamma.js";
import { type Method, register } from "./registry.js";

const op = elementwise("digamma", { takes: "float", slope: { x: ({ x }) => polygamma(1, x) } });

/**
 * y = ψ(x) = d/dx ln Γ(x) (torch.digamma). Slope ψ⁽¹⁾(x), the trigamma function. At ±0 it is ∓∞, NaN at the negative
 * whole numbers, where it has poles of both signs, and NaN for −∞.
 * Shapes: x → y, the same. Dtypes: float32, float64.
 * @example digamma(tensor([1, 0.5]))   // minus Euler's constant, and that − 2 ln 2: [−0.5772, −1.9635]
 * @throws DTypeError
 */
export function digamma(x: Tensor): Tensor {
  return op([x]);
}

declare module "../tensor/tensor.js" {
  interface Tensor {
    digamma: Method<typeof digamma>;
  }
}

register("digamma", digamma, {
  method: true,
  torch: "digamma",
  elementwise: [[0.25, 6]],
  cases: ({ values }) => ({
    "below 0": [values([-0.25, -1.5, -7.125])],
    "near its root": [values([1.46, 1.4616321, 1.463])],
    "large x": [values([9.5, 10, 30.5, 1e5, 1e200])],
  }),
  order: { "large x": 1 },
});

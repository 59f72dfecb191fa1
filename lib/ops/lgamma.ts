import type { Tensor } from "../tensor/tensor.js";
import { digamma } from "./digamma.js";
import { elementwise } from "./elementwise.js";
import { type Method, register } from "./registry.js";

const op = elementwise("lgamma", { takes: "float", slope: { x: ({ x }) => digamma(x) } });

/**
 * y = ln |Γ(x)| (torch.lgamma). Slope ψ(x), the digamma function. +∞ at 0, at the negative whole numbers and for ±∞.
 * Shapes: x → y, the same. Dtypes: float32, float64.
 * @example lgamma(tensor([5, 0.5]))   // ln 4! and ln √π: [3.178, 0.5724]
 * @throws DTypeError
 */
export function lgamma(x: Tensor): Tensor {
  return op([x]);
}

declare module "../tensor/tensor.js" {
  interface Tensor {
    lgamma: Method<typeof lgamma>;
  }
}

register("lgamma", lgamma, {
  method: true,
  torch: "lgamma",
  elementwise: [[0.25, 6]],
  cases: ({ values }) => ({
    "below 0": [values([-0.25, -1.5, -7.125])],
    "large x": [values([9.5, 30.5, 1e5, 1e100])],
  }),
  order: { "large x": 1 },
});

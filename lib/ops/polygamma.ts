import { checkNumber } from "../options.js";
import { full } from "../tensor/create.js";
import type { Tensor } from "../tensor/tensor.js";
import { add } from "./add.js";
import { checkInput } from "./define.js";
import { elementwise } from "./elementwise.js";
import { register } from "./registry.js";

type OfOrder = (inputs: readonly [n: Tensor, x: Tensor]) => Tensor;

const op: OfOrder = elementwise("polygamma", {
  inputs: ["n", "x"],
  takes: "float",
  // n is a number that no gradient is asked of.
  slope: { n: 0, x: ({ n, x }) => op([add(n, 1), x]) },
});

/**
 * y = ψ⁽ⁿ⁾(x), the n-th derivative of digamma: (−1)^(n + 1) · n! · Σ_{k ≥ 0} (x + k)^(−n − 1) for n ≥ 1, and ψ(x) for
 * n = 0 (torch.polygamma). Slope ψ⁽ⁿ⁺¹⁾(x). ±∞ at 0 and the negative whole numbers, where it has poles; ψ is NaN at
 * those below 0. Also right for large negative x.
 * Shapes: x → y, the same. Dtypes: float32, float64.
 * @param n A whole number in [0, 150].
 * @example polygamma(1, tensor([1, 2]))   // π²/6 and π²/6 − 1: [1.6449, 0.6449]
 * @throws ArgumentError, DTypeError
 */
export function polygamma(n: number, x: Tensor): Tensor {
  checkNumber("polygamma", "n", n, { min: 0, max: 150, integer: true });
  checkInput("polygamma", x, "float");
  return op([full([], n, { dtype: x.dtype }), x]);
}

register("polygamma", polygamma, {
  torch: "polygamma",
  cases: ({ floats, values }) => ({
    digamma: [0, floats([7], 0.25, 6)],
    trigamma: [1, floats([2, 3], 0.25, 6)],
    tetragamma: [2, floats([5], 0.25, 6)],
    "order 5": [5, floats([3], 1, 4)],
    "0-d": [1, values(2.5)],
    "no elements": [1, floats([0, 3])],
    "large x": [1, values([10, 30.5, 1e5, 1e200])],
    "below 0": [1, values([-0.25, -1.5, -7.125])],
    "at the poles": [1, values([0, -1, -20, NaN])],
  }),
  order: { "at the poles": 0, "large x": 1 },
});

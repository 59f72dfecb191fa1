import type { Tensor } from "../tensor/tensor.js";
import { elementwise } from "./elementwise.js";
import { gammaDensity } from "./gamma-density.js";
import { gammaincSlope } from "./gammainc-slope.js";
import { neg } from "./neg.js";
import { type Operand, operands } from "./operand.js";
import { register } from "./registry.js";

const op = elementwise<"a" | "x">("gammaincc", {
  inputs: ["a", "x"],
  takes: "float",
  slope: {
    a: ({ a, x }) => neg(gammaincSlope([a, x])),
    x: ({ a, x }) => neg(gammaDensity([a, x])),
  },
});

/**
 * y = Q(a, x) = 1/Γ(a) · ∫ₓ^∞ t^(a − 1)·e^(−t) dt = 1 − P(a, x), the regularised upper incomplete gamma function
 * (torch.special.gammaincc). Its smallest values keep their digits, as 1 − gammainc(a, x) does not. Domain and slopes
 * are those of `gammainc`, with the other sign.
 * Shapes: a and x broadcast to y. Dtypes: float32, float64.
 * @example gammaincc(tensor([0.5, 1]), tensor([0.5, 1]))   // erfc √½ and 1/e: [0.3173, 0.3679]
 * @throws ShapeError, DTypeError; GraphError for the second derivative by a
 */
export function gammaincc(a: Operand, x: Operand): Tensor {
  return op(operands("gammaincc", a, x, ["a", "x"]));
}

register("gammaincc", gammaincc, {
  torch: "gammaincc",
  elementwise: [
    [0.25, 6],
    [0.25, 8],
  ],
  cases: ({ values }) => ({
    "a far from x": [values([0.5, 3, 30, 200, 40]), values([2 ** -10, 20, 3, 100, 80])],
    "large a": [values([25, 100, 1000, 1e5]), values([24, 110, 1000, 100500])],
    "next to 0": [values([2 ** -7, 0.5, 1]), values([0.5, 2 ** -20, 2 ** -30])],
  }),
  order: 1,
});

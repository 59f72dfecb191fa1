import type { Tensor } from "../tensor/tensor.js";
import { elementwise } from "./elementwise.js";
import { gammaDensity } from "./gamma-density.js";
import { gammaincSlope } from "./gammainc-slope.js";
import { type Operand, operands } from "./operand.js";
import { register } from "./registry.js";

const op = elementwise<"a" | "x">("gammainc", {
  inputs: ["a", "x"],
  takes: "float",
  slope: { a: ({ a, x }) => gammaincSlope([a, x]), x: ({ a, x }) => gammaDensity([a, x]) },
});

/**
 * y = P(a, x) = 1/Γ(a) · ∫₀ˣ t^(a − 1)·e^(−t) dt, the regularised lower incomplete gamma function
 * (torch.special.gammainc): the distribution function of the gamma distribution. For a ≥ 0 and x ≥ 0, elsewhere NaN;
 * also at (0, 0) and (∞, ∞), where it depends on the way there. Its smallest values keep their digits; those of
 * 1 − P: `gammaincc`.
 * Slopes ∂P/∂x = x^(a − 1)·e^(−x)/Γ(a) and ∂P/∂a, which PyTorch lacks; the latter has a slope in x but none in a.
 * Shapes: a and x broadcast to y. Dtypes: float32, float64.
 * @example gammainc(tensor([0.5, 1]), tensor([0.5, 1]))   // erf √½ and 1 − 1/e: [0.6827, 0.6321]
 * @throws ShapeError, DTypeError; GraphError for the second derivative by a
 */
export function gammainc(a: Operand, x: Operand): Tensor {
  return op(operands("gammainc", a, x, ["a", "x"]));
}

register("gammainc", gammainc, {
  torch: "gammainc",
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

import { composed } from "../context/trace.js";
import { checkNumber, checkOptions } from "../options.js";
import type { Tensor } from "../tensor/tensor.js";
import { checkInput } from "./define.js";
import { div } from "./div.js";
import { exp } from "./exp.js";
import { greater } from "./greater.js";
import { log1p } from "./log1p.js";
import { mul } from "./mul.js";
import { register } from "./registry.js";
import { where } from "./where.js";

export interface SoftplusOptions {
  /** β. Default: 1. */
  readonly beta?: number;
  /** Above β·x of this, y is x itself. Default: 20. */
  readonly threshold?: number;
}

/**
 * y = ln(1 + e^(β·x))/β, and x where β·x is above the threshold (torch.nn.functional.softplus).
 * Shapes: x → y, the same. Dtypes: float32, float64.
 * @example softplus(tensor([0, 30]))   // [0.693, 30]
 * @throws DTypeError, OptionError, ArgumentError
 */
export function softplus(x: Tensor, options: SoftplusOptions = {}): Tensor {
  checkInput("softplus", x, "float");
  checkOptions("softplus", options, ["beta", "threshold"]);
  const beta = checkNumber("softplus", "beta", options.beta ?? 1, { above: 0 });
  const threshold = checkNumber("softplus", "threshold", options.threshold ?? 20);
  return composed("softplus", [x], (x) => {
    const scaled = beta === 1 ? x : mul(x, beta);
    const isLinear = greater(scaled, threshold);
    // The exponential of a large x would be infinite, and its product with a gradient of 0 is NaN.
    const curved = log1p(exp(where(isLinear, 0, scaled)));
    return where(isLinear, x, beta === 1 ? curved : div(curved, beta));
  });
}

register("softplus", softplus, {
  torch: "F.softplus",
  elementwise: ["floats"],
  rest: [[], [{ beta: 2, threshold: 3 }]],
  // PyTorch has the line's second derivative where it has the line's value to all digits.
  order: { saturated: 1 },
});

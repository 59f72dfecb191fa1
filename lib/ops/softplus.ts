import { checkNumber, checkOptions } from "../options.js";
import { checkTensor, type Tensor } from "../tensor/tensor.js";
import { checkDTypes } from "./define.js";
import { div } from "./div.js";
import { exp } from "./exp.js";
import { greater } from "./greater.js";
import { log1p } from "./log1p.js";
import { mul } from "./mul.js";
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
  checkDTypes("softplus", ["x"], [checkTensor("softplus", "x", x)], "float");
  checkOptions("softplus", options, ["beta", "threshold"]);
  const beta = checkNumber("softplus", "beta", options.beta ?? 1, { above: 0 });
  const threshold = checkNumber("softplus", "threshold", options.threshold ?? 20);
  const scaled = beta === 1 ? x : mul(x, beta);
  const isLinear = greater(scaled, threshold);
  // The exponential of a large x would be infinite, and its product with a gradient of 0 is NaN.
  const curved = log1p(exp(where(isLinear, 0, scaled)));
  return where(isLinear, x, beta === 1 ? curved : div(curved, beta));
}

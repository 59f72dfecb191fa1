import { add } from "../ops/add.js";
import { exp } from "../ops/exp.js";
import { greater } from "../ops/greater.js";
import { log } from "../ops/log.js";
import { mul } from "../ops/mul.js";
import { sub } from "../ops/sub.js";
import { where } from "../ops/where.js";
import { checkFlag, checkNumber } from "../options.js";
import type { Tensor } from "../tensor/tensor.js";
import { type CostOptions, checkAlike, readReduction, reduced } from "./reduce.js";
import { registerCost } from "./registry.js";

export interface PoissonNLLOptions extends CostOptions {
  /** Whether y is the logarithm of the rate. Default: true. */
  readonly logInput?: boolean;
  /** Add Stirling's ȳ·ln ȳ − ȳ + ln(2π·ȳ)/2 for ȳ > 1. Default: false. */
  readonly full?: boolean;
  /** Added to a rate before its logarithm. Default: 1e-8. */
  readonly eps?: number;
}

/**
 * C = e^y − ȳ·y of each element, the negative log-likelihood of counts ȳ; or y − ȳ·ln(y + ε) for a y that is the
 * rate itself (torch.nn.PoissonNLLLoss).
 * Shapes: y and target [...] → the same, or a scalar by the reduction. Dtypes: float32, float64.
 * @example cost.poissonNLL(model.forward(x), counts)
 * @throws ShapeError, DTypeError, OptionError, ArgumentError
 */
export function poissonNLL(y: Tensor, target: Tensor, options: PoissonNLLOptions = {}): Tensor {
  const reduction = readReduction("poissonNLL", options, ["logInput", "full", "eps"]);
  const logInput = checkFlag("poissonNLL", "logInput", options.logInput ?? true);
  const full = checkFlag("poissonNLL", "full", options.full ?? false);
  const eps = checkNumber("poissonNLL", "eps", options.eps ?? 1e-8, { min: 0 });
  checkAlike("poissonNLL", y, { target });
  const costs = logInput ? sub(exp(y), mul(target, y)) : sub(y, mul(target, log(add(y, eps))));
  return reduced("poissonNLL", full ? add(costs, stirling(target)) : costs, reduction);
}

/** ln ȳ!, approximately; 0 up to 1. */
function stirling(target: Tensor): Tensor {
  const isAbove = greater(target, 1);
  const count = where(isAbove, target, 1);
  const sum = add(sub(mul(count, log(count)), count), mul(log(mul(count, 2 * Math.PI)), 0.5));
  return where(isAbove, sum, 0);
}

registerCost(poissonNLL, {
  torch: "F.poisson_nll_loss",
  constants: ["target"],
  cases: ({ floats, values }) => {
    const target = values([
      [0, 3, 1],
      [4, 2, 0],
      [1, 1, 3],
      [2, 0, 4],
    ]);
    return [
      { note: "2-D", inputs: { y: [4, 3], target } },
      { note: "full", inputs: { y: [4, 3], target }, options: { full: true } },
      {
        note: "rates",
        inputs: { y: floats([4, 3], 0.5, 3), target },
        options: { logInput: false, eps: 0.01 },
      },
    ];
  },
});

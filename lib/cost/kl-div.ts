import { ShapeError } from "../errors.js";
import { div } from "../ops/div.js";
import { equal } from "../ops/equal.js";
import { exp } from "../ops/exp.js";
import { log } from "../ops/log.js";
import { mul } from "../ops/mul.js";
import { sub } from "../ops/sub.js";
import { sum } from "../ops/sum.js";
import { where } from "../ops/where.js";
import { checkChoice, checkFlag, checkOptions } from "../options.js";
import type { Tensor } from "../tensor/tensor.js";
import { checkAlike, type Reduction, reduced } from "./reduce.js";
import { registerCost } from "./registry.js";

export interface KLDivOptions {
  /** As of other costs; `"batchmean"` divides the sum by B, which is the divergence itself. Default: mean. */
  readonly reduction?: Reduction | "batchmean";
  /** Whether the target too holds logarithms of probabilities. Default: false. */
  readonly logTarget?: boolean;
}

/**
 * C = ȳ·(ln ȳ − y) of each element, the Kullback-Leibler divergence of y, logarithms of probabilities, from the
 * target's probabilities ȳ (torch.nn.KLDivLoss). Where ȳ is 0 the cost and both gradients are 0, also for y = −∞ and
 * with `logTarget` for a target of −∞, where PyTorch's are NaN; NaN for a negative ȳ. Note that `"mean"` divides by all
 * elements.
 * Shapes: y and target [B, ...] → the same, or a scalar by the reduction. Dtypes: float32, float64.
 * @example cost.klDiv(ops.logSoftmax(scores), probabilities, { reduction: "batchmean" })
 * @throws ShapeError, DTypeError, OptionError, ArgumentError
 */
export function klDiv(y: Tensor, target: Tensor, options: KLDivOptions = {}): Tensor {
  checkOptions("klDiv", options, ["reduction", "logTarget"]);
  const reductions = ["none", "mean", "sum", "batchmean"] as const;
  const reduction = checkChoice("klDiv", "reduction", options.reduction ?? "mean", reductions);
  const logTarget = checkFlag("klDiv", "logTarget", options.logTarget ?? false);
  checkAlike("klDiv", y, { target });
  // Where the probability is 0, so is the cost, whatever the logarithms: 0·ln 0 = 0.
  const isNever = equal(target, logTarget ? Number.NEGATIVE_INFINITY : 0);
  const [own, other] = [where(isNever, logTarget ? 0 : 1, target), where(isNever, 0, y)];
  const costs = logTarget
    ? mul(exp(target), sub(own, other))
    : sub(mul(target, log(own)), mul(target, other));
  if (reduction !== "batchmean") return reduced("klDiv", costs, reduction);
  const samples = y.shape[0];
  if (samples === undefined || samples === 0) {
    throw new ShapeError("klDiv: expected at least one sample to average over, got none");
  }
  return div(sum(costs), samples);
}

registerCost(klDiv, {
  torch: "F.kl_div",
  constants: ["target"],
  reductions: ["none", "mean", "sum", "batchmean"],
  cases: ({ floats, values }) => [
    { note: "2-D", inputs: { y: [4, 3], target: floats([4, 3], 0.1, 0.9) } },
    { note: "log target", inputs: { y: [4, 3], target: [4, 3] }, options: { logTarget: true } },
    {
      note: "zeros",
      inputs: {
        y: [4, 3],
        target: values([
          [0, 1, 0],
          [0.5, 0.5, 0],
          [0, 0, 1],
          [0.25, 0.5, 0.25],
        ]),
      },
    },
  ],
});

import type { Tensor } from "../tensor/tensor.js";
import {
  type ClassOptions,
  checkWeight,
  classCases,
  Labels,
  reducedByShares,
  rowsOfClasses,
} from "./classes.js";
import { checkFloats, readReduction } from "./reduce.js";
import { registerCost } from "./registry.js";

/**
 * C = −w_ȳ·y_ȳ, the negative log-likelihood: y are logarithms of probabilities, as `logSoftmax` gives
 * (torch.nn.NLLLoss). The mean is weighted: Σ C / Σ w_ȳ.
 * Shapes: y [B, C, ...], target [B, ...] int32 → the same, or a scalar by the reduction; a single sample y [C] has
 * a scalar target. Dtypes of y: float32, float64.
 * @example cost.nll(ops.logSoftmax(scores), labels)
 * @throws IndexError for a label outside [0, C); ShapeError, DTypeError, OptionError, ArgumentError
 */
export function nll(y: Tensor, target: Tensor, options: ClassOptions = {}): Tensor {
  const reduction = readReduction("nll", options, ["weight", "ignoreIndex"]);
  checkFloats("nll", y, {});
  const { rows, shape } = rowsOfClasses("nll", y);
  const classes = rows.shape[1] as number;
  checkWeight("nll", y, options.weight, classes);
  const labels = new Labels("nll", target, shape, classes, options);
  return reducedByShares("nll", labels.costs(rows), labels.shares(y.dtype), shape, reduction);
}

nll.outputs = "logProbabilities" as const;

registerCost(nll, { torch: "F.nll_loss", cases: classCases });

import { ShapeError } from "../errors.js";
import { broadcast, format, sameShape } from "../graph/shape.js";
import type { Tensor } from "../graph/tensor.js";
import { add } from "../ops/add.js";
import { clamp } from "../ops/clamp.js";
import { detach } from "../ops/detach.js";
import { div } from "../ops/div.js";
import { log } from "../ops/log.js";
import { mul } from "../ops/mul.js";
import { square } from "../ops/square.js";
import { sub } from "../ops/sub.js";
import { checkFlag, checkNumber } from "../options.js";
import { type CostOptions, checkAlike, checkFloats, readReduction, reduced } from "./reduce.js";

export interface GaussianNLLOptions extends CostOptions {
  /** Add the constant ln(2π)/2. Default: false. */
  readonly full?: boolean;
  /** The least variance. Default: 1e-6. */
  readonly eps?: number;
}

/**
 * C = (ln v + (y − ȳ)²/v)/2 of each element, the negative log-likelihood of a normal distribution of mean y and
 * variance v, no less than ε (torch.nn.GaussianNLLLoss).
 * Shapes: y and target [...], variance that or what broadcasts to it → the same, or a scalar by the reduction.
 * Dtypes: float32, float64.
 * @example cost.gaussianNLL(mean, target, variance)
 * @throws ShapeError, DTypeError, OptionError, ArgumentError
 */
export function gaussianNLL(
  y: Tensor,
  target: Tensor,
  variance: Tensor,
  options: GaussianNLLOptions = {},
): Tensor {
  const reduction = readReduction("gaussianNLL", options, ["full", "eps"]);
  const full = checkFlag("gaussianNLL", "full", options.full ?? false);
  const eps = checkNumber("gaussianNLL", "eps", options.eps ?? 1e-6, { above: 0 });
  checkAlike("gaussianNLL", y, { target });
  checkFloats("gaussianNLL", y, { variance });
  if (!sameShape(broadcast("gaussianNLL", y.shape, variance.shape), y.shape)) {
    throw new ShapeError(
      `gaussianNLL: expected variance to broadcast to ${format(y.shape)}, got ${format(variance.shape)}`,
    );
  }
  // As in PyTorch, ε changes the variance's value and not its gradient.
  const missing = sub(clamp(detach(variance), { min: eps }), detach(variance));
  const v = add(variance, missing);
  const costs = mul(add(log(v), div(square(sub(y, target)), v)), 0.5);
  return reduced("gaussianNLL", full ? add(costs, Math.log(2 * Math.PI) / 2) : costs, reduction);
}

import { currentTrace } from "../context/trace.js";
import { ArgumentError, ShapeError } from "../errors.js";
import { add } from "../ops/add.js";
import { clamp } from "../ops/clamp.js";
import { detach } from "../ops/detach.js";
import { div } from "../ops/div.js";
import { less } from "../ops/less.js";
import { log } from "../ops/log.js";
import { mul } from "../ops/mul.js";
import { square } from "../ops/square.js";
import { sub } from "../ops/sub.js";
import { unsqueeze } from "../ops/unsqueeze.js";
import { where } from "../ops/where.js";
import { checkFlag, checkNumber } from "../options.js";
import { broadcast, format, type Shape, sameShape } from "../tensor/shape.js";
import type { Tensor } from "../tensor/tensor.js";
import { type CostOptions, checkAlike, checkFloats, readReduction, reduced } from "./reduce.js";
import { type CostCase, registerCost } from "./registry.js";

export interface GaussianNLLOptions extends CostOptions {
  /** Add the constant ln(2π)/2. Default: false. */
  readonly full?: boolean;
  /** The least variance. Default: 1e-6. */
  readonly eps?: number;
}

/** A variance for each vector of y as one for each of its elements. @throws ShapeError */
function besideEach(y: Tensor, variance: Tensor): Tensor {
  const { shape } = variance;
  if (variance.rank === 0 || sameShape(shape, y.shape)) return variance;
  if (sameShape(shape, y.shape.slice(0, -1))) return unsqueeze(variance, -1);
  const isOneOff = shape.filter((size, d) => size !== y.shape[d]).length === 1;
  if (variance.rank === y.rank && isOneOff && sameShape(broadcast("gaussianNLL", shape, y.shape), y.shape)) {
    return variance;
  }
  throw new ShapeError(
    `gaussianNLL: expected variance to be ${format(y.shape)}, ${format(y.shape.slice(0, -1))}, ${format(y.shape)} with one size of 1, or a scalar, got ${format(shape)}`,
  );
}

/** @throws ArgumentError for a negative variance, whose values are known. */
function checkNotNegative({ storage }: Tensor): void {
  if (storage.isSymbolic) return;
  const at = storage.forReading().findIndex((value) => value < 0);
  if (at < 0) return;
  throw new ArgumentError(
    `gaussianNLL: expected variance not to be negative, got ${storage.forReading()[at]} at position ${at}`,
  );
}

/**
 * C = (ln v + (y − ȳ)²/v)/2 of each element, the negative log-likelihood of a normal distribution of mean y and
 * variance v, no less than ε (torch.nn.GaussianNLLLoss).
 * Shapes: y and target [..., D] → the same, or a scalar by the reduction; variance [..., D], or [...] or [..., 1] for
 * one of each vector, or y's shape with a 1 for one other size, or a scalar. Dtypes: float32, float64.
 * A negative variance is refused; within `compile`, where values are not known beforehand, its cost is NaN.
 * @example cost.gaussianNLL(mean, target, variance)
 * @throws ArgumentError for a negative variance; ShapeError, DTypeError, OptionError
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
  const given = besideEach(y, variance);
  checkNotNegative(given);
  // As in PyTorch, ε changes the variance's value and not its gradient.
  const fixed = detach(given);
  const raised = clamp(fixed, { min: eps });
  // A program cannot refuse values, which are not known when it is made; they must not go unseen.
  const least = currentTrace() === null ? raised : where(less(fixed, 0), Number.NaN, raised);
  const v = add(given, sub(least, fixed));
  const costs = mul(add(log(v), div(square(sub(y, target)), v)), 0.5);
  return reduced("gaussianNLL", full ? add(costs, Math.log(2 * Math.PI) / 2) : costs, reduction);
}

registerCost(gaussianNLL, {
  torch: "F.gaussian_nll_loss",
  constants: ["target"],
  cases: ({ floats }) => {
    const ofVariance = (
      note: string,
      y: Shape,
      shape: Shape,
      options: GaussianNLLOptions = {},
    ): CostCase => ({
      note,
      inputs: { y, target: y, variance: floats(shape, 0.5, 3) },
      options: { ...options },
    });
    return [
      ofVariance("2-D", [4, 3], [4, 3]),
      ofVariance("full", [4, 3], [4, 3], { full: true }),
      ofVariance("one variance a sample", [4, 3], [4, 1], { eps: 1 }),
      // [B] beside [B, D] is by row, also where B = D.
      ofVariance("a variance a row", [3, 3], [3]),
      ofVariance("a variance a row of rows", [2, 3, 2], [2, 3]),
      ofVariance("a variance a column", [3, 2], [1, 2]),
      ofVariance("a variance of several samples", [2, 3, 2], [2, 1, 2]),
      ofVariance("a variance a sample of one number", [4], [1]),
      ofVariance("a variance of a vector", [4], []),
    ];
  },
});

import { equal } from "../ops/equal.js";
import { mul } from "../ops/mul.js";
import { reshape } from "../ops/reshape.js";
import { square } from "../ops/square.js";
import { sub } from "../ops/sub.js";
import { sum } from "../ops/sum.js";
import { to } from "../ops/to.js";
import { checkFlag } from "../options.js";
import { arange } from "../tensor/create.js";
import type { Tensor } from "../tensor/tensor.js";
import { type Metric, makeMetric } from "./metric.js";
import {
  CLASS_OPTIONS,
  type ClassOptions,
  type ClassSettings,
  probabilitiesOf,
  type Rows,
  readClassOptions,
  rowMean,
} from "./rows.js";

export interface BrierOptions extends Omit<ClassOptions, "threshold"> {
  /** Whether the sum over the classes is halved. Default: for two classes, whose score is then (p − ȳ)². */
  readonly scaleByHalf?: boolean;
}

/** Σ_c (p_c − [ȳ = c])² of each row: [N]. */
function squaresOf(rows: Rows, settings: ClassSettings, scaleByHalf: boolean | undefined): Tensor {
  const p = probabilitiesOf(rows, settings);
  if (p.rank === 1) {
    const own = square(sub(p, rows.target));
    return scaleByHalf === false ? mul(own, 2) : own;
  }
  const [count, classes] = p.shape as [number, number];
  const isOwn = equal(reshape(rows.target, [count, 1]), arange(classes, { dtype: "float64" }));
  const sums = sum(square(sub(p, to(isOwn, "float64"))), { dim: 1 });
  return (scaleByHalf ?? classes < 3) ? mul(sums, 0.5) : sums;
}

/**
 * The Brier score: the mean of the squared differences of probabilities and targets, Σ w·(p − ȳ)² / Σ w for two classes
 * and Σ w·Σ_c (p_c − [ȳ = c])² / Σ w for more (scikit-learn's brier_score_loss; Brier, 1950).
 * Shapes: as `logLoss`.
 * @example metrics.brierScore([0.1, 0.9, 0.8, 0.3], [0, 1, 1, 0]);   // 0.0375
 * @throws as `logLoss`
 */
export const brierScore: Metric<number, BrierOptions> = makeMetric<number, BrierOptions>(
  "brierScore",
  [...CLASS_OPTIONS, "scaleByHalf"],
  (options) => {
    const settings = readClassOptions("brierScore", options);
    const { scaleByHalf } = options;
    if (scaleByHalf !== undefined) checkFlag("brierScore", "scaleByHalf", scaleByHalf);
    return rowMean("brierScore", settings, true, (rows) => squaresOf(rows, settings, scaleByHalf));
  },
);

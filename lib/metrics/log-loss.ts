import { clamp } from "../ops/clamp.js";
import { equal } from "../ops/equal.js";
import { gather } from "../ops/gather.js";
import { log } from "../ops/log.js";
import { logSoftmax } from "../ops/log-softmax.js";
import { neg } from "../ops/neg.js";
import { reshape } from "../ops/reshape.js";
import { softplus } from "../ops/softplus.js";
import { sub } from "../ops/sub.js";
import { where as choose } from "../ops/where.js";
import type { Tensor } from "../tensor/tensor.js";
import { type Metric, makeMetric } from "./metric.js";
import {
  CLASS_OPTIONS,
  type ClassOptions,
  type ClassSettings,
  ownClass,
  probabilitiesOf,
  type Rows,
  readClassOptions,
  rowMean,
} from "./rows.js";

/** 2⁻⁵², the distance from 1 to the next number. */
const EPSILON = Number.EPSILON;

/** −ln p of the target of each row: [N]. */
function lossesOf(rows: Rows, settings: ClassSettings): Tensor {
  const { y, kind, target } = rows;
  const { outputs } = settings;
  const isOne = equal(target, 1);
  if (kind === "binary" || kind === "labels") {
    if (outputs === "logits") return softplus(choose(isOne, neg(y), y));
    const p = clamp(probabilitiesOf(rows, settings), { min: EPSILON, max: 1 - EPSILON });
    return neg(log(choose(isOne, p, sub(1, p))));
  }
  const isClass = ownClass(rows);
  const own = (x: Tensor): Tensor => reshape(gather(x, 1, isClass), [isClass.size]);
  if (outputs === "logits") return neg(own(logSoftmax(y, { dim: 1 })));
  if (outputs === "logProbabilities") return neg(own(y));
  return neg(log(clamp(own(y), { min: EPSILON, max: 1 - EPSILON })));
}

/**
 * The cross-entropy of the targets and the probabilities, −Σ w·ln p_ȳ / Σ w (scikit-learn's log_loss). Probabilities
 * are kept within [ε, 1 − ε], ε = 2⁻⁵²; of `outputs: "logits"` the logarithm is computed directly.
 * Shapes: y [B] or [B, 1] probabilities of class 1, or [B, C, ...] of each class; target [B, ...] labels, or as y.
 * @example metrics.logLoss([0.1, 0.9, 0.8], [0, 1, 0]);   // 0.6067
 * @throws DataError for scores that are no probabilities, and for labels that are no class; ShapeError
 */
export const logLoss: Metric<number, Omit<ClassOptions, "threshold">> = makeMetric<
  number,
  Omit<ClassOptions, "threshold">
>("logLoss", CLASS_OPTIONS, (options) => {
  const settings = readClassOptions("logLoss", options);
  return rowMean("logLoss", settings, true, (rows) => lossesOf(rows, settings));
});

import { ShapeError } from "../errors.js";
import { equal } from "../ops/equal.js";
import { gather } from "../ops/gather.js";
import { greater } from "../ops/greater.js";
import { less } from "../ops/less.js";
import { logicalAnd } from "../ops/logical-and.js";
import { logicalOr } from "../ops/logical-or.js";
import { reshape } from "../ops/reshape.js";
import { sum } from "../ops/sum.js";
import { to } from "../ops/to.js";
import { checkNumber } from "../options.js";
import { arange } from "../tensor/create.js";
import type { Tensor } from "../tensor/tensor.js";
import { type Metric, makeMetric } from "./metric.js";
import {
  CLASS_OPTIONS,
  type ClassOptions,
  ownClass,
  predictedOf,
  type Rows,
  readClassOptions,
  rowMean,
} from "./rows.js";

export interface AccuracyOptions extends ClassOptions {
  /** A sample counts as right if its class is among this many of the largest scores. Default: the largest alone. */
  readonly topK?: number;
}

/**
 * The part of the samples whose class is right, Σ w·[ŷ = ȳ] / Σ w (scikit-learn's accuracy_score and
 * top_k_accuracy_score). ŷ is where the scores of a sample are largest, of equal ones the first; of binary outputs,
 * whether the probability is above `threshold`; int32 outputs are labels themselves. With `topK`, of equal scores the
 * later class is the larger one, as in scikit-learn.
 *
 * Shapes: y [B, C, ...] scores and target [B, ...] labels, or as y (one-hot, or probabilities: the class is where it is
 * largest); or both [B] or [B, 1] for two classes.
 * @example
 * metrics.accuracy([[0.1, 0.9], [0.8, 0.2]], [1, 1]);       // 0.5
 * metrics.accuracy([0.2, 0.7, 0.9], [0, 1, 0], { sampleWeight: [1, 1, 2] });   // 0.5
 * @example await evaluate(model, { data, cost: cost.crossEntropy, metrics: { accuracy, top3: accuracy.with({ topK: 3 }) } })
 * @throws ShapeError; DataError for labels that are no class, and for binary outputs that are no probabilities
 */
export const accuracy: Metric<number, AccuracyOptions> = makeMetric<number, AccuracyOptions>(
  "accuracy",
  [...CLASS_OPTIONS, "threshold", "topK"],
  (options) => {
    const settings = readClassOptions("accuracy", options);
    const { topK } = options;
    if (topK !== undefined) checkNumber("accuracy", "topK", topK, { min: 1, integer: true });
    const isRight = (rows: Rows): Tensor =>
      topK === undefined ? equal(predictedOf(rows, settings), rows.target) : isAmong(topK, rows);
    return rowMean("accuracy", settings, false, (rows) => to(isRight(rows), "float64"));
  },
);

/** Whether fewer than `topK` classes come before the target. */
function isAmong(topK: number, rows: Rows): Tensor {
  const { y, kind, target } = rows;
  if (kind !== "classes" && kind !== "oneHot") {
    throw new ShapeError("accuracy: expected y [B, C] for topK, got one number for each sample");
  }
  const [count, classes] = y.shape as [number, number];
  const column = reshape(target, [count, 1]);
  const own = gather(y, 1, ownClass(rows));
  const places = arange(classes, { dtype: "float64" });
  const isBefore = logicalOr(greater(y, own), logicalAnd(equal(y, own), greater(places, column)));
  return less(sum(to(isBefore, "float64"), { dim: 1 }), topK);
}

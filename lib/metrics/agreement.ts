import { checkFlag } from "../options.js";
import type { Metric } from "./metric.js";
import type { ClassOptions } from "./rows.js";
import { makeLabelMetric, tally, total } from "./tally.js";

export interface BalancedAccuracyOptions extends ClassOptions {
  /** Whether the accuracy of guessing counts as 0, and a perfect one as 1. Default: false. */
  readonly adjusted?: boolean;
}

/**
 * The mean of the classes' recalls, 1/C Σ_c TP_c / (TP_c + FN_c), over the classes that occur among the targets
 * (scikit-learn's balanced_accuracy_score). `adjusted`: (A − 1/C) / (1 − 1/C).
 * Shapes: as `accuracy`.
 * @example metrics.balancedAccuracy([0, 0, 0, 0], [0, 0, 0, 1]);   // 0.5
 * @throws ShapeError, DataError
 */
export const balancedAccuracy: Metric<number, BalancedAccuracyOptions> = makeLabelMetric<
  number,
  BalancedAccuracyOptions
>("balancedAccuracy", ["adjusted"], ({ adjusted = false }) => {
  checkFlag("balancedAccuracy", "adjusted", adjusted);
  return ({ target, predicted, weight }) => {
    const { counts, support } = tally(target, predicted, weight, null);
    let [sum, classes] = [0, 0];
    counts.forEach((row, at) => {
      const own = support[at] as number;
      if (own === 0) return;
      sum += (row[at] as number) / own;
      classes++;
    });
    const mean = sum / classes;
    return adjusted ? (mean - 1 / classes) / (1 - 1 / classes) : mean;
  };
});

/**
 * Matthews's correlation coefficient of true and predicted classes, in [−1, 1], 0 for guessing (scikit-learn's
 * matthews_corrcoef; for several classes Gorodkin, 2004):
 * (c·s − Σ_k p_k·t_k) / √((s² − Σ_k p_k²)·(s² − Σ_k t_k²)) with c samples right of s, t_k of class k, and p_k predicted
 * as k. 0 where the root is 0.
 * Shapes: as `accuracy`.
 * @example metrics.matthewsCorrcoef([1, 0, 1, 1], [1, 1, 1, 0]);   // -0.3333
 * @throws ShapeError, DataError
 */
export const matthewsCorrcoef: Metric<number, ClassOptions> = makeLabelMetric<number, ClassOptions>(
  "matthewsCorrcoef",
  [],
  () =>
    ({ target, predicted, weight }) => {
      const { counts } = tally(target, predicted, weight, null);
      // Both margins come from the same numbers, so that one class alone gives a product of exactly 0.
      const truths = counts.map((row) => total(row));
      const guesses = counts.map((_, k) => total(counts.map((row) => row[k] as number)));
      const all = total(guesses);
      const right = total(counts.map((row, k) => row[k] as number));
      const both = total(truths.map((own, k) => own * (guesses[k] as number)));
      const product = spread(guesses, all) * spread(truths, all);
      return product === 0 ? 0 : (right * all - both) / Math.sqrt(product);
    },
);

/** s² − Σ_k n_k² as Σ_k n_k·(s − n_k), which rounding leaves ≥ 0. */
const spread = (counts: readonly number[], all: number): number =>
  total(counts.map((own) => own * (all - own)));

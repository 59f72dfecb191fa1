import {
  type Curve,
  curveOf,
  oneVersusRest,
  type RankingOptions,
  rankingDefinition,
  readAverage,
} from "./curve.js";
import { type Metric, makeMetric } from "./metric.js";
import { CLASS_OPTIONS, readClassOptions } from "./rows.js";

/** Σ_n (R_n − R_{n−1})·P_n; 0 where the class does not occur. */
export function precisionOf({ hits, misses }: Curve): number {
  const all = hits.at(-1) ?? 0;
  if (all === 0) return 0;
  let [sum, before] = [0, 0];
  hits.forEach((hit, n) => {
    sum += ((hit - before) / all) * (hit / (hit + (misses[n] as number)));
    before = hit;
  });
  return sum;
}

/**
 * The average precision Σ_n (R_n − R_{n−1})·P_n over the thresholds n, from the highest down, with precision P and
 * recall R: the area under the steps of the precision-recall curve (scikit-learn's average_precision_score). With more
 * than two classes, y are their probabilities, each class is taken against the others, and the figures are averaged.
 * Shapes: as `rocAuc`.
 * @example metrics.averagePrecision([0.1, 0.4, 0.35, 0.8], [0, 0, 1, 1]);   // 0.8333
 * @throws as `rocAuc`
 */
export const averagePrecision: Metric<number, RankingOptions> = makeMetric<number, RankingOptions>(
  "averagePrecision",
  [...CLASS_OPTIONS, "average"],
  (options) => {
    const how = readAverage("averagePrecision", options);
    return rankingDefinition("averagePrecision", readClassOptions("averagePrecision", options), (ranking) => {
      const { scores, width, target, weight } = ranking;
      if (width > 1) return oneVersusRest(ranking, how, precisionOf);
      return precisionOf(curveOf(scores, weight, (i) => target[i] === 1));
    });
  },
);

import { ArgumentError, DataError } from "../errors.js";
import { checkChoice, checkNumber } from "../options.js";
import {
  average,
  type Curve,
  curveOf,
  oneVersusRest,
  type Ranking,
  type RankingOptions,
  rankingDefinition,
  readAverage,
  scoresOf,
} from "./curve.js";
import { type Metric, makeMetric } from "./metric.js";
import { CLASS_OPTIONS, readClassOptions } from "./rows.js";

export interface RocAucOptions extends RankingOptions {
  /**
   * For more than two classes: `"ovr"`, each class against the others; `"ovo"`, the mean over all pairs of classes
   * (Hand & Till, 2001), without weights. Default: `"ovr"`.
   */
  readonly multiClass?: "ovr" | "ovo";
  /** For two classes: the area up to this rate of false alarms, standardised (McClish, 1989). Default: 1. */
  readonly maxFpr?: number;
}

/** The area under the polygon, by the trapezoidal rule. */
function area(x: readonly number[], y: readonly number[]): number {
  let sum = 0;
  for (let i = 1; i < x.length; i++) {
    sum += (((x[i] as number) - (x[i - 1] as number)) * ((y[i] as number) + (y[i - 1] as number))) / 2;
  }
  return sum;
}

/** NaN where there is one class only. */
export function aucOf({ hits, misses }: Curve, maxFpr = 1): number {
  const [positive, negative] = [hits.at(-1) ?? 0, misses.at(-1) ?? 0];
  if (positive === 0 || negative === 0) return Number.NaN;
  const x = [0, ...misses.map((one) => one / negative)];
  const y = [0, ...hits.map((one) => one / positive)];
  if (maxFpr === 1) return area(x, y);
  const stop = x.findIndex((one) => one > maxFpr);
  const [x0, x1, y0, y1] = [x[stop - 1], x[stop], y[stop - 1], y[stop]] as [number, number, number, number];
  const last = y0 + ((y1 - y0) * (maxFpr - x0)) / (x1 - x0);
  const part = area([...x.slice(0, stop), maxFpr], [...y.slice(0, stop), last]);
  const least = 0.5 * maxFpr ** 2;
  return 0.5 * (1 + (part - least) / (maxFpr - least));
}

/** Each pair of classes that occur: how well either's scores tell the two apart. */
function oneVersusOne(ranking: Ranking, how: RankingOptions["average"]): number {
  const { target, weight } = ranking;
  if (weight.some((one) => one !== weight[0])) {
    throw new DataError('rocAuc: expected no weights for multiClass: "ovo"');
  }
  const classes = [...new Set(target)].sort((a, b) => a - b);
  const figures: number[] = [];
  const shares: number[] = [];
  for (const [at, a] of classes.entries()) {
    for (const b of classes.slice(at + 1)) {
      const own = weight.map((_, i) => (target[i] === a || target[i] === b ? 1 : 0));
      const auc = (c: number): number => aucOf(curveOf(scoresOf(ranking, c), own, (i) => target[i] === c));
      figures.push((auc(a) + auc(b)) / 2);
      shares.push(own.reduce((sum, one) => sum + one, 0));
    }
  }
  if (figures.length === 0) return Number.NaN;
  return average(figures, how === "weighted" ? shares : null);
}

/**
 * The area under the curve of the rate of hits over the rate of false alarms: the probability that a sample of class 1
 * has a higher score than one of class 0, where equal scores count one half (scikit-learn's roc_auc_score). With more
 * than two classes, y are their probabilities, and the areas of the classes are averaged. NaN if a class that counts
 * does not occur, or is the only one.
 *
 * Shapes: y [B] or [B, 1] scores of class 1, or [B, C, ...] of each class; target [B, ...] labels, or as y.
 * @example
 * metrics.rocAuc([0.1, 0.4, 0.35, 0.8], [0, 0, 1, 1]);   // 0.75
 * metrics.rocAuc([[0.8, 0.1, 0.1], [0.3, 0.5, 0.2], [0.2, 0.6, 0.2], [0.1, 0.2, 0.7]], [0, 1, 0, 2]);   // 0.8056
 * @throws DataError for probabilities of more than two classes that do not add up to 1; ShapeError, ArgumentError
 */
export const rocAuc: Metric<number, RocAucOptions> = makeMetric<number, RocAucOptions>(
  "rocAuc",
  [...CLASS_OPTIONS, "average", "multiClass", "maxFpr"],
  (options) => {
    const { multiClass = "ovr", maxFpr = 1 } = options;
    const how = readAverage("rocAuc", options);
    checkChoice("rocAuc", "multiClass", multiClass, ["ovr", "ovo"]);
    checkNumber("rocAuc", "maxFpr", maxFpr, { above: 0, max: 1 });
    if (multiClass === "ovo" && how === "micro") {
      throw new ArgumentError(
        'rocAuc: expected average to be "macro" or "weighted" for multiClass: "ovo", got "micro"',
      );
    }
    return rankingDefinition("rocAuc", readClassOptions("rocAuc", options), (ranking) => {
      const { scores, width, target, weight } = ranking;
      if (width === 1)
        return aucOf(
          curveOf(scores, weight, (i) => target[i] === 1),
          maxFpr,
        );
      if (maxFpr !== 1) throw new DataError("rocAuc: expected two classes for maxFpr, got scores for more");
      return multiClass === "ovr" ? oneVersusRest(ranking, how, aucOf) : oneVersusOne(ranking, how);
    });
  },
);

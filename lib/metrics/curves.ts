// What the thresholds of ranked scores give: the curves whose areas `rocAuc` and `averagePrecision` are.
import { precisionOf } from "./average-precision.js";
import {
  type Curve,
  curveOf,
  type Ranking,
  type RankingOptions,
  rankingDefinition,
  scoresOf,
} from "./curve.js";
import { type Metric, makeMetric } from "./metric.js";
import { aucOf } from "./roc-auc.js";
import { CLASS_OPTIONS, readClassOptions } from "./rows.js";
import { figure, Printed, table } from "./table.js";

export type CurveOptions = Omit<RankingOptions, "average">;

/** The curve of a class against all others, from the highest threshold down. */
export interface RocClass {
  /** The class: 1 for outputs of two classes. */
  readonly label: number;
  /** Samples with a score of at least this are taken for the class; Infinity for none. */
  readonly thresholds: readonly number[];
  /** Of the samples of other classes, the share that is taken for it; NaN where there are none. */
  readonly falsePositiveRate: readonly number[];
  /** Of the samples of the class, the share that is found; NaN where there are none. */
  readonly truePositiveRate: readonly number[];
  /** The area under the curve. */
  readonly area: number;
}

/** As `RocClass`, of precision and recall. */
export interface PrecisionRecallClass {
  readonly label: number;
  readonly thresholds: readonly number[];
  /** Of the samples that are taken for the class, the share that is; 1 where none is taken. */
  readonly precision: readonly number[];
  /** Of the samples of the class, the share that is found; NaN where there are none. */
  readonly recall: readonly number[];
  /** Σ_n (R_n − R_{n−1})·P_n */
  readonly averagePrecision: number;
}

/** The curves of the classes. Its text, and `console.log`, is a table of their areas. */
export class RocCurve extends Printed {
  readonly classes: readonly RocClass[];

  /** @internal */
  constructor(classes: readonly RocClass[]) {
    super();
    this.classes = classes;
  }

  override toString(): string {
    return table([
      ["class", "area"],
      ...this.classes.map(({ label, area }) => [String(label), figure(area, 4)]),
    ]);
  }
}

/** The curves of the classes. Its text, and `console.log`, is a table of their average precisions. */
export class PrecisionRecallCurve extends Printed {
  readonly classes: readonly PrecisionRecallClass[];

  /** @internal */
  constructor(classes: readonly PrecisionRecallClass[]) {
    super();
    this.classes = classes;
  }

  override toString(): string {
    const rows = this.classes.map((one) => [String(one.label), figure(one.averagePrecision, 4)]);
    return table([["class", "average precision"], ...rows]);
  }
}

/** The curve of each class, of two classes that of class 1. */
function curvesOf(ranking: Ranking): { readonly label: number; readonly curve: Curve }[] {
  const { width, target, weight } = ranking;
  const labels = width === 1 ? [1] : Array.from({ length: width }, (_, label) => label);
  return labels.map((label) => ({
    label,
    curve: curveOf(scoresOf(ranking, label), weight, (i) => target[i] === label),
  }));
}

/** The values by their last one. */
const shares = (values: readonly number[]): number[] =>
  values.map((value) => value / (values.at(-1) as number));

/**
 * The rate of hits over the rate of false alarms for each threshold, from the highest down (scikit-learn's roc_curve
 * without leaving out points): what `rocAuc` is the area under. With more than two classes, y are their probabilities,
 * and there is a curve of each class against the others.
 * Shapes: as `rocAuc`.
 * @example
 * const [one] = metrics.rocCurve([0.1, 0.4, 0.35, 0.8], [0, 0, 1, 1]).classes;
 * one.truePositiveRate;    // [0, 0.5, 0.5, 1, 1]
 * one.falsePositiveRate;   // [0, 0, 0.5, 0.5, 1]
 * @throws as `rocAuc`
 */
export const rocCurve: Metric<RocCurve, CurveOptions> = makeMetric<RocCurve, CurveOptions>(
  "rocCurve",
  CLASS_OPTIONS,
  (options) => ({
    ...rankingDefinition("rocCurve", readClassOptions("rocCurve", options), (ranking) => {
      const classes = curvesOf(ranking).map(({ label, curve }) => ({
        label,
        thresholds: [Number.POSITIVE_INFINITY, ...curve.thresholds],
        falsePositiveRate: [0, ...shares(curve.misses)],
        truePositiveRate: [0, ...shares(curve.hits)],
        area: aucOf(curve),
      }));
      return new RocCurve(classes);
    }),
    gives: "a RocCurve",
  }),
);

/**
 * Precision and recall for each threshold, from the highest down (scikit-learn's precision_recall_curve, in the other
 * order): what `averagePrecision` is the area under. With more than two classes, y are their probabilities, and there is
 * a curve of each class against the others.
 * Shapes: as `rocAuc`.
 * @example
 * const [one] = metrics.precisionRecallCurve([0.1, 0.4, 0.35, 0.8], [0, 0, 1, 1]).classes;
 * one.precision;   // [1, 1, 0.5, 0.6667, 0.5]
 * one.recall;      // [0, 0.5, 0.5, 1, 1]
 * @throws as `rocAuc`
 */
export const precisionRecallCurve: Metric<PrecisionRecallCurve, CurveOptions> = makeMetric<
  PrecisionRecallCurve,
  CurveOptions
>("precisionRecallCurve", CLASS_OPTIONS, (options) => ({
  ...rankingDefinition(
    "precisionRecallCurve",
    readClassOptions("precisionRecallCurve", options),
    (ranking) => {
      const classes = curvesOf(ranking).map(({ label, curve }) => ({
        label,
        thresholds: [Number.POSITIVE_INFINITY, ...curve.thresholds],
        precision: [1, ...curve.hits.map((hit, n) => hit / (hit + (curve.misses[n] as number)))],
        recall: [0, ...shares(curve.hits)],
        averagePrecision: precisionOf(curve),
      }));
      return new PrecisionRecallCurve(classes);
    },
  ),
  gives: "a PrecisionRecallCurve",
}));

import { amax } from "../ops/amax.js";
import { argmax } from "../ops/argmax.js";
import { equal } from "../ops/equal.js";
import { to } from "../ops/to.js";
import { checkNumber } from "../options.js";
import { type Metric, type MetricDefinition, makeMetric } from "./metric.js";
import {
  CLASS_OPTIONS,
  type ClassOptions,
  faultsOf,
  keptRows,
  probabilitiesOf,
  readClassOptions,
  readRows,
  refuse,
} from "./rows.js";
import { figure, Printed, table } from "./table.js";
import { checkCounts } from "./values.js";

export interface CalibrationOptions extends Omit<ClassOptions, "threshold"> {
  /** Number of bins of equal width over [0, 1]. Default: 15. */
  readonly bins?: number;
}

/** The bin that holds p: b/bins < p ≤ (b + 1)/bins, and the first one for 0. */
function binOf(p: number, bins: number): number {
  const about = Math.min(bins - 1, Math.max(0, Math.ceil(p * bins) - 1));
  // The product is rounded, so a p at the edge may be one too far.
  if (about > 0 && p <= about / bins) return about - 1;
  return about < bins - 1 && p > (about + 1) / bins ? about + 1 : about;
}

/** Sums over the samples of a bin, by their weights w. */
interface Sums {
  confidence: number;
  right: number;
  weight: number;
}

/** Σ w·p, Σ w·right and Σ w over each bin of confidences in (b/bins, (b + 1)/bins]. */
function sumsOf(confidence: Float64Array, right: Float64Array, weight: Float64Array, bins: number): Sums[] {
  const sums = Array.from({ length: bins }, (): Sums => ({ confidence: 0, right: 0, weight: 0 }));
  confidence.forEach((p, i) => {
    const sum = sums[binOf(p, bins)] as Sums;
    const own = weight[i] as number;
    sum.confidence += own * p;
    sum.right += own * (right[i] as number);
    sum.weight += own;
  });
  return sums;
}

/** A metric of the confidences of the whole set in bins. */
function definitionOfBins<R>(
  name: string,
  options: CalibrationOptions,
  compute: (sums: readonly Sums[], all: number) => R,
): MetricDefinition<R> {
  const settings = readClassOptions(name, options);
  const bins = checkNumber(name, "bins", options.bins ?? 15, { min: 1, max: 1e6, integer: true });
  return {
    update: (y, target, weight) => {
      const rows = readRows(name, y, target, weight, settings);
      return faultsOf(rows, settings, true);
    },
    collect: (y, target, weight) => {
      const rows = readRows(name, y, target, weight, settings);
      const p = probabilitiesOf(rows, settings);
      const kept = rows.kept === null ? {} : { kept: rows.kept };
      if (p.rank === 1) return { confidence: p, right: rows.target, weight: rows.weight, ...kept };
      const isRight = equal(to(argmax(p, { dim: 1 }), "float64"), rows.target);
      return {
        confidence: amax(p, { dim: 1 }),
        right: to(isRight, "float64"),
        weight: rows.weight,
        ...kept,
      };
    },
    compute: (state) => {
      refuse(name, state);
      const { confidence, right, weight } = keptRows(state, ["confidence", "right", "weight"]);
      const sums = sumsOf(confidence, right, weight, bins);
      return compute(
        sums,
        checkCounts(
          name,
          weight.reduce((sum, one) => sum + one, 0),
        ),
      );
    },
  };
}

/**
 * The expected calibration error: how far confidence and accuracy are apart, Σ_b |B_b|/n · |acc(B_b) − conf(B_b)|, over
 * bins B_b of samples by their confidence (Guo et al., 2017). The confidence is the largest probability, and accuracy
 * says how often that class is right; for outputs [B] it is the probability of class 1, and how often that is true.
 * Shapes: as `logLoss`.
 * @example metrics.expectedCalibrationError([0.9, 0.9, 0.2, 0.2], [1, 0, 0, 0], { bins: 5 });   // 0.3
 * @throws as `logLoss`
 */
export const expectedCalibrationError: Metric<number, CalibrationOptions> = makeMetric<
  number,
  CalibrationOptions
>("expectedCalibrationError", [...CLASS_OPTIONS, "bins"], (options) =>
  definitionOfBins(
    "expectedCalibrationError",
    options,
    (sums, all) =>
      sums.reduce((total, { confidence, right }) => total + Math.abs(right - confidence), 0) / all,
  ),
);

/** Samples whose confidence is in (from, to]. */
export interface CalibrationBin {
  readonly from: number;
  readonly to: number;
  /** The mean confidence of its samples. */
  readonly confidence: number;
  /** How often they are right: the weight of those that are, by the weight of all. */
  readonly accuracy: number;
  /** The sum of their weights: without weights, their number. */
  readonly weight: number;
}

/** Confidence and accuracy by bins. Its text, and `console.log`, is a table. */
export class CalibrationCurve extends Printed {
  /** Those that have samples, the lowest confidence first. */
  readonly bins: readonly CalibrationBin[];

  /** @internal */
  constructor(bins: readonly CalibrationBin[]) {
    super();
    this.bins = bins;
  }

  override toString(): string {
    const rows = this.bins.map(({ from, to: until, confidence, accuracy, weight }) => [
      `(${figure(from, 3)}, ${figure(until, 3)}]`,
      ...[confidence, accuracy, weight].map((value) => figure(value, 3)),
    ]);
    return table([["bin", "confidence", "accuracy", "weight"], ...rows]);
  }
}

/**
 * How often the outputs are right, by how sure they are, in bins of equal width: the reliability diagram (scikit-learn's
 * calibration_curve; Guo et al., 2017). What confidence and accuracy are is as in `expectedCalibrationError`.
 * Shapes: as `logLoss`.
 * @example
 * const { bins } = metrics.calibrationCurve([0.9, 0.9, 0.2, 0.2], [1, 0, 0, 0], { bins: 5 });
 * bins.map(({ accuracy }) => accuracy);   // [0, 0.5]
 * @throws as `logLoss`
 */
export const calibrationCurve: Metric<CalibrationCurve, CalibrationOptions> = makeMetric<
  CalibrationCurve,
  CalibrationOptions
>("calibrationCurve", [...CLASS_OPTIONS, "bins"], (options) => ({
  ...definitionOfBins("calibrationCurve", options, (sums) => {
    const bins = sums.flatMap(({ confidence, right, weight }, b): CalibrationBin[] => {
      if (weight === 0) return [];
      const { length } = sums;
      return [
        {
          from: b / length,
          to: (b + 1) / length,
          confidence: confidence / weight,
          accuracy: right / weight,
          weight,
        },
      ];
    });
    return new CalibrationCurve(bins);
  }),
  gives: "a CalibrationCurve",
}));

import { amax } from "../ops/amax.js";
import { argmax } from "../ops/argmax.js";
import { equal } from "../ops/equal.js";
import { to } from "../ops/to.js";
import { checkNumber } from "../options.js";
import { type Metric, makeMetric } from "./metric.js";
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

/** Σ_b |Σ_{i∈b} w·right − Σ_{i∈b} w·confidence| / Σ w, where bin b holds confidences in (b/bins, (b + 1)/bins]. */
function errorOf(confidence: Float64Array, right: Float64Array, weight: Float64Array, bins: number): number {
  const gaps = new Float64Array(bins);
  let all = 0;
  confidence.forEach((p, i) => {
    const bin = binOf(p, bins);
    const own = weight[i] as number;
    gaps[bin] = (gaps[bin] as number) + own * ((right[i] as number) - p);
    all += own;
  });
  checkCounts("expectedCalibrationError", all);
  return gaps.reduce((total, gap) => total + Math.abs(gap), 0) / all;
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
>("expectedCalibrationError", [...CLASS_OPTIONS, "bins"], (options) => {
  const name = "expectedCalibrationError";
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
      return errorOf(confidence, right, weight, bins);
    },
  };
});

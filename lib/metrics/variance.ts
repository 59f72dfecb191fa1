// Which part of the targets' variance the outputs explain: these need the whole set.
import { checkFlag } from "../options.js";
import type { Tensor } from "../tensor/tensor.js";
import { type Metric, type MetricDefinition, makeMetric } from "./metric.js";
import { averageOf, type OutputWeights, readMultioutput, readOutputPairs } from "./outputs.js";
import { checkCounts } from "./values.js";

export interface VarianceOptions {
  /**
   * How the outputs' figures become one: their mean, weighted by the variance of their targets, or by a number for
   * each. Default: `"uniform_average"`.
   */
  readonly multioutput?: "uniform_average" | "variance_weighted" | readonly number[];
  /**
   * Whether an output whose targets are all the same gives 1 for a perfect prediction and 0 for another, instead of
   * NaN and −∞. Default: true.
   */
  readonly forceFinite?: boolean;
}

/** A metric of the variance of each output. */
export interface VarianceFigure extends Metric<number, VarianceOptions> {
  /** The figure of each output. */
  readonly perOutput: Metric<number[], Pick<VarianceOptions, "forceFinite">>;
}

/** 1 − numerator / denominator of each output. */
interface Fractions {
  readonly numerators: number[];
  readonly denominators: number[];
}

/** Sums of squares around the mean, weighted; or with `isAroundZero` of the residuals themselves. */
type Residuals = "residuals" | "residuals around their mean";

const meanOf = (values: (i: number) => number, weight: ArrayLike<number>, all: number): number => {
  let sum = 0;
  for (let i = 0; i < weight.length; i++) sum += (weight[i] as number) * values(i);
  return sum / all;
};

function fractionsOf(name: string, residuals: Residuals, state: Readonly<Record<string, Tensor>>): Fractions {
  const [y, target, weight] = ["y", "target", "weight"].map((key) => (state[key] as Tensor).data) as [
    Float64Array,
    Float64Array,
    Float64Array,
  ];
  const width = (state["y"] as Tensor).shape[1] as number;
  const all = checkCounts(
    name,
    weight.reduce((sum, one) => sum + one, 0),
  );
  const found: Fractions = { numerators: [], denominators: [] };
  for (let d = 0; d < width; d++) {
    const truth = (i: number): number => target[i * width + d] as number;
    const rest = (i: number): number => truth(i) - (y[i * width + d] as number);
    const center = residuals === "residuals" ? 0 : meanOf(rest, weight, all);
    const mean = meanOf(truth, weight, all);
    found.numerators.push(meanOf((i) => (rest(i) - center) ** 2, weight, all));
    found.denominators.push(meanOf((i) => (truth(i) - mean) ** 2, weight, all));
  }
  return found;
}

function scores({ numerators, denominators }: Fractions, forceFinite: boolean): number[] {
  return numerators.map((numerator, d) => {
    const denominator = denominators[d] as number;
    if (!forceFinite || (numerator !== 0 && denominator !== 0)) return 1 - numerator / denominator;
    return numerator === 0 ? 1 : 0;
  });
}

function fraction(name: string, residuals: Residuals, leastSamples: number): VarianceFigure {
  const define = <R>(
    own: string,
    finish: (found: Fractions, isDefined: boolean) => R,
  ): MetricDefinition<R> => ({
    collect: (given, expected, weight) => ({ ...readOutputPairs(own, given, expected), weight }),
    compute: (state) =>
      finish(fractionsOf(own, residuals, state), (state["weight"] as Tensor).size >= leastSamples),
  });
  const metric = makeMetric<number, VarianceOptions>(name, ["multioutput", "forceFinite"], (options) => {
    const { multioutput, forceFinite = true } = options;
    checkFlag(name, "forceFinite", forceFinite);
    const byVariance = multioutput === "variance_weighted";
    const weights = byVariance ? null : readMultioutput(name, multioutput, ["variance_weighted"]);
    return define(name, (found, isDefined) => {
      if (!isDefined) return Number.NaN;
      const { denominators } = found;
      const hasVariance = byVariance && denominators.some((one) => one !== 0);
      const own: OutputWeights = hasVariance ? denominators : weights;
      return averageOf(name, scores(found, forceFinite), own);
    });
  });
  const own = `${name}.perOutput`;
  const perOutput = makeMetric<number[], Pick<VarianceOptions, "forceFinite">>(
    own,
    ["forceFinite"],
    (options) => {
      const forceFinite = checkFlag(own, "forceFinite", options.forceFinite ?? true);
      const definition = define(own, (found, isDefined) =>
        isDefined ? scores(found, forceFinite) : found.numerators.map(() => Number.NaN),
      );
      return { ...definition, gives: "a list of numbers" };
    },
  );
  return Object.assign(metric, { perOutput });
}

/**
 * R² = 1 − Σ w·(ȳ − y)² / Σ w·(ȳ − mean ȳ)², the coefficient of determination: 1 for a perfect prediction, 0 for the mean
 * of the targets, less than 0 for worse (scikit-learn's r2_score). NaN for fewer than two samples.
 * Shapes: y and target [B, ...], the same.
 * @example metrics.r2([2.5, 0, 2, 8], [3, -0.5, 2, 7]);   // 0.9486
 * @throws ShapeError; DataError if no sample counts; ArgumentError
 */
export const r2: VarianceFigure = fraction("r2", "residuals", 2);

/**
 * Explained variance, 1 − Var(ȳ − y) / Var(ȳ): as R², except that a constant offset of the outputs costs nothing
 * (scikit-learn's explained_variance_score).
 * Shapes: y and target [B, ...], the same.
 * @example metrics.explainedVariance([2.5, 0, 2, 8], [3, -0.5, 2, 7]);   // 0.9572
 * @throws as `r2`
 */
export const explainedVariance: VarianceFigure = fraction(
  "explainedVariance",
  "residuals around their mean",
  1,
);

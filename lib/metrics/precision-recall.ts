import { ArgumentError, DataError } from "../errors.js";
import { checkChoice, checkNumber, describe } from "../options.js";
import type { Metric } from "./metric.js";
import type { ClassOptions } from "./rows.js";
import { type LabelColumns, labelsOf, makeLabelMetric, readLabels, type Tally, tally } from "./tally.js";

/**
 * How the classes' figures become one: `"binary"`, that of class `posLabel` of two; `"micro"`, from the counts of all
 * classes together; `"macro"`, their mean; `"weighted"`, their mean weighted by how often each class is true.
 */
export type ClassAverage = "binary" | "micro" | "macro" | "weighted";

export interface PrecisionOptions extends ClassOptions {
  /** Default: `"binary"`. For the figure of each class there is `perClass`, such as `precision.perClass`. */
  readonly average?: ClassAverage;
  /** The class whose figures `"binary"` gives. Default: 1. */
  readonly posLabel?: number;
  /** The classes to average over. Default: all that occur among targets and outputs. */
  readonly labels?: readonly number[];
  /** The figure of a class where it is 0/0; NaN leaves the class out of the average. Default: 0. */
  readonly zeroDivision?: number;
}

export interface FBetaOptions extends PrecisionOptions {
  /** How many times as much recall counts as precision. Default: 1. */
  readonly beta?: number;
}

export const PRECISION_OPTIONS = ["average", "posLabel", "labels", "zeroDivision"] as const;

const AVERAGES = ["binary", "micro", "macro", "weighted"] as const;

/** Sums over the samples of a class, or of several together. */
interface Counts {
  /** Both true and predicted. */
  readonly hits: number;
  readonly predicted: number;
  readonly support: number;
}

/** A figure of a class: numerator and denominator. */
export type Ratio = (counts: Counts) => readonly [numerator: number, denominator: number];

export const precisionRatio: Ratio = ({ hits, predicted }) => [hits, predicted];
export const recallRatio: Ratio = ({ hits, support }) => [hits, support];

/** F_β = (1 + β²)·TP / (β²·(TP + FN) + TP + FP), which is 1/(α/P + (1 − α)/R) with α = 1/(1 + β²). */
export const fBetaRatio = (beta: number): Ratio => {
  if (beta === 0) return precisionRatio;
  return ({ hits, predicted, support }) => [(1 + beta ** 2) * hits, beta ** 2 * support + predicted];
};

/** The counts of each class. */
export const countsOf = ({ counts, predicted, support }: Tally): Counts[] =>
  counts.map((row, at) => ({
    hits: row[at] as number,
    predicted: predicted[at] as number,
    support: support[at] as number,
  }));

export const divide = ([numerator, denominator]: readonly [number, number], zeroDivision: number): number =>
  denominator === 0 ? zeroDivision : numerator / denominator;

const together = (classes: readonly Counts[]): Counts => ({
  hits: classes.reduce((sum, { hits }) => sum + hits, 0),
  predicted: classes.reduce((sum, { predicted }) => sum + predicted, 0),
  support: classes.reduce((sum, { support }) => sum + support, 0),
});

/** A figure of the classes as one number. NaN is left out. */
export function averaged(
  ratio: Ratio,
  classes: readonly Counts[],
  average: "micro" | "macro" | "weighted",
  zeroDivision: number,
): number {
  if (average === "micro") return divide(ratio(together(classes)), zeroDivision);
  let [sum, weights, plain] = [0, 0, 0];
  let count = 0;
  for (const one of classes) {
    const figure = divide(ratio(one), zeroDivision);
    if (Number.isNaN(figure)) continue;
    const weight = average === "weighted" ? one.support : 1;
    sum += figure * weight;
    plain += figure;
    weights += weight;
    count++;
  }
  if (count === 0) return Number.NaN;
  // scikit-learn takes the plain mean where all weights are 0.
  return weights === 0 ? plain / count : sum / weights;
}

interface Settings {
  readonly average: ClassAverage;
  readonly posLabel: number;
  readonly labels: readonly number[] | null;
  readonly zeroDivision: number;
}

/** @throws ArgumentError */
export function readZeroDivision(name: string, zeroDivision = 0): number {
  if (zeroDivision === 0 || zeroDivision === 1 || Number.isNaN(zeroDivision)) return zeroDivision;
  throw new ArgumentError(`${name}: expected zeroDivision to be 0, 1 or NaN, got ${describe(zeroDivision)}`);
}

function readSettings(name: string, options: PrecisionOptions): Settings {
  const { average = "binary", posLabel = 1 } = options;
  return {
    average: checkChoice(name, "average", average, AVERAGES),
    posLabel: checkNumber(name, "posLabel", posLabel, { integer: true }),
    labels: readLabels(name, options.labels),
    zeroDivision: readZeroDivision(name, options.zeroDivision),
  };
}

function compute(name: string, ratio: Ratio, settings: Settings, columns: LabelColumns): number {
  const { average, posLabel, zeroDivision } = settings;
  const { target, predicted, weight } = columns;
  if (average !== "binary") {
    return averaged(
      ratio,
      countsOf(tally(target, predicted, weight, settings.labels)),
      average,
      zeroDivision,
    );
  }
  const present = labelsOf(target, predicted);
  if (present.length > 2) {
    throw new DataError(
      `${name}: expected two classes, got ${present.length}; for several say average: "macro", "micro" or "weighted"`,
    );
  }
  if (present.length === 2 && !present.includes(posLabel)) {
    throw new DataError(
      `${name}: expected posLabel to be one of the classes ${present.join(", ")}, got ${posLabel}`,
    );
  }
  const [counts] = countsOf(tally(target, predicted, weight, [posLabel]));
  return divide(ratio(counts as Counts), zeroDivision);
}

/** A figure of the classes. */
export interface ClassFigure<O extends object> extends Metric<number, O> {
  /** The figure of each class, in the order of `labels` or else of the classes that occur. */
  readonly perClass: Metric<number[], O>;
}

function makeFigure<O extends PrecisionOptions>(
  name: string,
  known: readonly string[],
  ratioOf: (options: O) => Ratio,
): ClassFigure<O> {
  const names = [...PRECISION_OPTIONS, ...known];
  const metric = makeLabelMetric<number, O>(name, names, (options) => {
    const settings = readSettings(name, options);
    const ratio = ratioOf(options);
    return (columns) => compute(name, ratio, settings, columns);
  });
  const perClass = makeLabelMetric<number[], O>(
    `${name}.perClass`,
    names,
    (options) => {
      const { labels, zeroDivision } = readSettings(name, options);
      const ratio = ratioOf(options);
      return ({ target, predicted, weight }) =>
        countsOf(tally(target, predicted, weight, labels)).map((one) => divide(ratio(one), zeroDivision));
    },
    "a list of numbers",
  );
  return Object.assign(metric, { perClass });
}

/**
 * Precision, TP / (TP + FP): how many of the samples for which a class was predicted are of that class (scikit-learn's
 * precision_score). Weights count instead of samples where they are given.
 * Shapes: as `accuracy`.
 * @example
 * metrics.precision([1, 1, 0, 1], [1, 0, 0, 1]);   // 0.6667
 * metrics.precision([0, 2, 1, 2], [0, 1, 1, 2], { average: "macro" });   // 0.8333
 * @throws DataError for more than two classes unless `average` is another than "binary"; ShapeError
 */
export const precision: ClassFigure<PrecisionOptions> = makeFigure("precision", [], () => precisionRatio);

/**
 * Recall, TP / (TP + FN): how many of the samples of a class were found (scikit-learn's recall_score).
 * Shapes: as `accuracy`.
 * @example metrics.recall([1, 0, 0, 1], [1, 1, 0, 1]);   // 0.6667
 * @throws as `precision`
 */
export const recall: ClassFigure<PrecisionOptions> = makeFigure("recall", [], () => recallRatio);

/**
 * F1 = 2·P·R / (P + R), the harmonic mean of precision and recall (scikit-learn's f1_score).
 * Shapes: as `accuracy`.
 * @example metrics.f1([1, 1, 0, 1], [1, 0, 0, 1]);   // 0.8
 * @throws as `precision`
 */
export const f1: ClassFigure<PrecisionOptions> = makeFigure("f1", [], () => fBetaRatio(1));

/**
 * F_β = (1 + β²)·P·R / (β²·P + R): recall counts β times as much as precision (scikit-learn's fbeta_score;
 * van Rijsbergen, 1979).
 * Shapes: as `accuracy`.
 * @example metrics.fBeta([1, 1, 0, 1], [1, 0, 0, 1], { beta: 2 });   // 0.9091
 * @throws as `precision`
 */
export const fBeta: ClassFigure<FBetaOptions> = makeFigure<FBetaOptions>("fBeta", ["beta"], ({ beta = 1 }) =>
  fBetaRatio(checkNumber("fBeta", "beta", beta, { min: 0 })),
);

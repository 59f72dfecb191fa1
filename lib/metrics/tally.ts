// Metrics that follow from the weights of each pair of true and predicted label.
import { ArgumentError } from "../errors.js";
import { checkList, describe } from "../options.js";
import { type Metric, type MetricDefinition, makeMetric } from "./metric.js";
import {
  CLASS_OPTIONS,
  type ClassOptions,
  type ClassSettings,
  faultsOf,
  keptRows,
  predictedOf,
  readClassOptions,
  readRows,
  refuse,
} from "./rows.js";
import { checkCounts } from "./values.js";

/** The weights of the samples by their true label (row) and their predicted one (column). */
export interface Tally {
  /** In order. Those that occur, unless others were asked for. */
  readonly labels: readonly number[];
  /** [labels, labels] */
  readonly counts: readonly Float64Array[];
  /** Weights of the samples with that label, and of those for which it was predicted, whatever the other label is. */
  readonly support: Float64Array;
  readonly predicted: Float64Array;
}

/** The labels that occur, in order. */
export const labelsOf = (truth: Float64Array, guess: Float64Array): number[] =>
  [...new Set([...truth, ...guess])].sort((a, b) => a - b);

/** Their sum. */
export function total(values: Iterable<number>): number {
  let sum = 0;
  for (const value of values) sum += value;
  return sum;
}

/**
 * @param wanted The labels to count, in this order; null: all that occur.
 */
export function tally(
  truth: Float64Array,
  guess: Float64Array,
  weight: Float64Array,
  wanted: readonly number[] | null,
): Tally {
  const labels = wanted ?? labelsOf(truth, guess);
  const places = new Map(labels.map((label, at) => [label, at]));
  const counts = labels.map(() => new Float64Array(labels.length));
  const support = new Float64Array(labels.length);
  const predicted = new Float64Array(labels.length);
  truth.forEach((label, i) => {
    const row = places.get(label);
    const column = places.get(guess[i] as number);
    const own = weight[i] as number;
    if (row !== undefined) support[row] = (support[row] as number) + own;
    if (column !== undefined) predicted[column] = (predicted[column] as number) + own;
    if (row === undefined || column === undefined) return;
    const line = counts[row] as Float64Array;
    line[column] = (line[column] as number) + own;
  });
  return { labels, counts, support, predicted };
}

/** What is kept of each sample for a metric of labels. */
export interface LabelColumns {
  readonly target: Float64Array;
  readonly predicted: Float64Array;
  readonly weight: Float64Array;
}

/** A metric of true and predicted labels. */
export function labelDefinition<R>(
  name: string,
  settings: ClassSettings,
  compute: (columns: LabelColumns) => R,
  gives?: string,
): MetricDefinition<R> {
  const read = (...batch: Parameters<NonNullable<MetricDefinition["update"]>>) =>
    readRows(name, ...batch, settings);
  return {
    update: (...batch) => faultsOf(read(...batch), settings, false),
    collect: (...batch) => {
      const rows = read(...batch);
      const { target, weight, kept } = rows;
      const predicted = predictedOf(rows, settings);
      return { target, weight, predicted, ...(kept === null ? {} : { kept }) };
    },
    compute: (state) => {
      refuse(name, state);
      const columns = keptRows(state, ["target", "predicted", "weight"]);
      checkCounts(name, columns.target.length);
      return compute(columns);
    },
    ...(gives === undefined ? {} : { gives }),
  };
}

/** Makes a metric of true and predicted labels with further options. */
export function makeLabelMetric<R, O extends ClassOptions>(
  name: string,
  known: readonly string[],
  read: (options: O) => (columns: LabelColumns) => R,
  gives?: string,
): Metric<R, O> {
  return makeMetric<R, O>(name, [...CLASS_OPTIONS, "threshold", ...known], (options) =>
    labelDefinition(name, readClassOptions(name, options), read(options), gives),
  );
}

/** @throws ArgumentError unless they are different whole numbers, at least one. */
export function readLabels(name: string, labels: readonly number[] | undefined): readonly number[] | null {
  if (labels === undefined) return null;
  const list = checkList(name, "labels to be an array of whole numbers", labels);
  const isFine = list.length > 0 && list.every(Number.isInteger) && new Set(list).size === list.length;
  if (isFine) return list as number[];
  throw new ArgumentError(`${name}: expected labels to be different whole numbers, got ${describe(labels)}`);
}

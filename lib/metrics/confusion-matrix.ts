import { checkChoice } from "../options.js";
import type { Metric } from "./metric.js";
import { type ClassNames, labelsToCount, nameOf, readNames } from "./names.js";
import type { ClassOptions } from "./rows.js";
import { figure, Printed, table } from "./table.js";
import { makeLabelMetric, readLabels, type Tally, tally, total } from "./tally.js";

export interface ConfusionMatrixOptions extends ClassOptions {
  /** The classes, in the order of rows and columns. Default: all that occur among targets and outputs. */
  readonly labels?: readonly number[];
  /** Divide by the sums of the rows (`"true"`), of the columns (`"pred"`) or of all. Default: not. */
  readonly normalize?: "true" | "pred" | "all";
  /** Names of the classes, for the text. Default: their numbers. */
  readonly classNames?: readonly string[];
}

/** Which classes were taken for which. Its text, and `console.log`, is a table. */
export class ConfusionMatrix extends Printed {
  readonly labels: readonly number[];
  /** [true class, predicted class] */
  readonly values: readonly (readonly number[])[];
  readonly #names: ClassNames;

  /** @internal */
  constructor(labels: readonly number[], values: readonly (readonly number[])[], names: ClassNames) {
    super();
    this.labels = labels;
    this.values = values;
    this.#names = names;
  }

  override toString(): string {
    const names = this.labels.map((label, at) => nameOf(this.#names, label, at));
    const rows = this.values.map((row, at) => [names[at] as string, ...row.map((value) => figure(value, 3))]);
    return table([["true \\ predicted", ...names], ...rows]);
  }
}

/** Each class's row or column by its sum; 0 where the sum is 0. */
function normalized({ counts }: Tally, by: ConfusionMatrixOptions["normalize"]): number[][] {
  const columns = counts.map((_, at) => total(counts.map((row) => row[at] as number)));
  const rows = counts.map((row) => total(row));
  const all = total(rows);
  return counts.map((row, i) =>
    Array.from(row, (value, j) => {
      if (by === undefined) return value;
      const sum = { true: rows[i], pred: columns[j], all }[by] as number;
      return sum === 0 ? 0 : value / sum;
    }),
  );
}

/**
 * How many samples of each class were taken for each class, or the sums of their weights: C_ij of those of class i that
 * were predicted as j (scikit-learn's confusion_matrix).
 * Shapes: as `accuracy`.
 * @example metrics.confusionMatrix([0, 0, 1, 1], [0, 1, 1, 1]).values   // [[1, 0], [1, 2]]
 * @example
 * console.log(metrics.confusionMatrix([0, 0, 1, 1], [0, 1, 1, 1], { classNames: ["cat", "dog"] }));
 * // true \ predicted  cat  dog
 * //              cat    1    0
 * //              dog    1    2
 * @throws ShapeError, DataError, ArgumentError
 */
export const confusionMatrix: Metric<ConfusionMatrix, ConfusionMatrixOptions> = makeLabelMetric<
  ConfusionMatrix,
  ConfusionMatrixOptions
>(
  "confusionMatrix",
  ["labels", "normalize", "classNames"],
  (options) => {
    const labels = readLabels("confusionMatrix", options.labels);
    const names = readNames("confusionMatrix", options, labels);
    const { normalize } = options;
    if (normalize !== undefined)
      checkChoice("confusionMatrix", "normalize", normalize, ["true", "pred", "all"]);
    return ({ target, predicted, weight }) => {
      const found = tally(target, predicted, weight, labelsToCount(labels, names));
      return new ConfusionMatrix(found.labels, normalized(found, normalize), names);
    };
  },
  "a ConfusionMatrix",
);

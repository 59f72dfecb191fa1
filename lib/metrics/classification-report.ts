import { checkNumber } from "../options.js";
import type { Metric } from "./metric.js";
import { labelsToCount, nameOf, readNames } from "./names.js";
import {
  averaged,
  countsOf,
  divide,
  fBetaRatio,
  precisionRatio,
  type Ratio,
  readZeroDivision,
  recallRatio,
} from "./precision-recall.js";
import type { ClassOptions } from "./rows.js";
import { figure, Printed, table } from "./table.js";
import { makeLabelMetric, readLabels, tally } from "./tally.js";

export interface ReportOptions extends ClassOptions {
  /** The classes, in the order of the rows. Default: all that occur among targets and outputs. */
  readonly labels?: readonly number[];
  /** Names of the classes. Default: their numbers. With names alone, the labels are 0 … C − 1. */
  readonly classNames?: readonly string[];
  /** The figure of a class where it is 0/0; NaN leaves the class out of the averages. Default: 0. */
  readonly zeroDivision?: number;
  /** Digits in the text. Default: 2. */
  readonly digits?: number;
}

/** The figures of a class, or their average. */
export interface ReportRow {
  readonly precision: number;
  readonly recall: number;
  readonly f1: number;
  /** Samples of that class, or their weights. */
  readonly support: number;
}

/** Precision, recall, F1 and support of each class, and their averages. Its text, and `console.log`, is a table. */
export class ClassificationReport extends Printed {
  /** By the classes' names. */
  readonly classes: Readonly<Record<string, ReportRow>>;
  /** The accuracy; null if `labels` leaves out a class that occurs: then `microAverage` says more. */
  readonly accuracy: number | null;
  readonly microAverage: ReportRow;
  readonly macroAverage: ReportRow;
  readonly weightedAverage: ReportRow;
  readonly #rows: readonly (readonly [name: string, row: ReportRow])[];
  readonly #digits: number;

  /** @internal */
  constructor(
    rows: readonly (readonly [name: string, row: ReportRow])[],
    accuracy: number | null,
    averages: Readonly<Record<"micro" | "macro" | "weighted", ReportRow>>,
    digits: number,
  ) {
    super();
    this.classes = Object.fromEntries(rows);
    this.#rows = rows;
    this.accuracy = accuracy;
    this.microAverage = averages.micro;
    this.macroAverage = averages.macro;
    this.weightedAverage = averages.weighted;
    this.#digits = digits;
  }

  override toString(): string {
    const digits = this.#digits;
    const row = (name: string, { precision, recall, f1, support }: ReportRow): string[] => [
      name,
      ...[precision, recall, f1].map((value) => value.toFixed(digits)),
      figure(support, digits),
    ];
    const { support } = this.microAverage;
    const total =
      this.accuracy === null
        ? row("micro avg", this.microAverage)
        : ["accuracy", "", "", this.accuracy.toFixed(digits), figure(support, digits)];
    const classes = this.#rows.map(([name, one]) => row(name, one));
    return table([
      ["", "precision", "recall", "f1-score", "support"],
      ...classes,
      [],
      total,
      row("macro avg", this.macroAverage),
      row("weighted avg", this.weightedAverage),
    ]);
  }
}

/** The figures of a row, except its support. */
const figuresOf = (figureOf: (ratio: Ratio) => number): Omit<ReportRow, "support"> => ({
  precision: figureOf(precisionRatio),
  recall: figureOf(recallRatio),
  f1: figureOf(fBetaRatio(1)),
});

/**
 * Precision, recall, F1 and support of each class, and their averages (scikit-learn's classification_report).
 * Shapes: as `accuracy`.
 * @example
 * const report = metrics.classificationReport([0, 0, 1, 1], [0, 1, 1, 1], { classNames: ["cat", "dog"] });
 * report.accuracy;                 // 0.75
 * report.classes["dog"]?.recall;   // 0.6667
 * console.log(report);
 * @throws ShapeError, DataError, ArgumentError
 */
export const classificationReport: Metric<ClassificationReport, ReportOptions> = makeLabelMetric<
  ClassificationReport,
  ReportOptions
>(
  "classificationReport",
  ["labels", "classNames", "zeroDivision", "digits"],
  (options) => {
    const name = "classificationReport";
    const wanted = readLabels(name, options.labels);
    const names = readNames(name, options, wanted);
    const zeroDivision = readZeroDivision(name, options.zeroDivision);
    const digits = checkNumber(name, "digits", options.digits ?? 2, { min: 0, max: 20, integer: true });
    return ({ target, predicted, weight }) => {
      const found = tally(target, predicted, weight, labelsToCount(wanted, names));
      const classes = countsOf(found);
      const support = classes.reduce((sum, one) => sum + one.support, 0);
      const rows = classes.map((one, at): [string, ReportRow] => [
        nameOf(names, found.labels[at] as number, at),
        {
          ...figuresOf((ratio) => divide(ratio(one), zeroDivision)),
          support: one.support,
        },
      ]);
      const average = (how: "micro" | "macro" | "weighted"): ReportRow => ({
        ...figuresOf((ratio) => averaged(ratio, classes, how, zeroDivision)),
        support,
      });
      const micro = average("micro");
      const counted = new Set(found.labels);
      const hasAll = [...target, ...predicted].every((label) => counted.has(label));
      return new ClassificationReport(
        rows,
        hasAll ? micro.f1 : null,
        { micro, macro: average("macro"), weighted: average("weighted") },
        digits,
      );
    };
  },
  "a ClassificationReport",
);

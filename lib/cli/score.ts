// Scores of a model, next to those of a baseline that ignores the row.

import type { Prediction } from "../data/schema/schema.js";
import type { ClassName } from "../data/schema/target.js";
import type { Table } from "../data/table/table.js";
import { accuracy } from "../metrics/accuracy.js";
import { balancedAccuracy } from "../metrics/agreement.js";
import { logLoss } from "../metrics/log-loss.js";
import { meanAbsoluteError, rootMeanSquaredError } from "../metrics/regression.js";
import { r2 } from "../metrics/variance.js";
import { fromTypedArray } from "../tensor/create.js";
import type { Tensor } from "../tensor/tensor.js";
import type { ClassFigures, NumberFigures, Predictor } from "../train/predictor.js";
import { count, styled, table } from "./layout.js";

/** What a model or the trivial answer reaches, by the figure's name. */
type Figures = Readonly<Record<string, number>>;

export interface Score {
  /** How many rows it is of. */
  readonly rows: number;
  readonly model: Figures;
  /** The same answer for every row: the frequencies of the classes, or the mean. */
  readonly baseline: Figures;
  /** For classes: [true class, predicted class], and their names. */
  readonly confusion: {
    readonly classes: readonly ClassName[];
    readonly values: readonly (readonly number[])[];
  } | null;
}

const NAMES: Readonly<Record<string, string>> = {
  accuracy: "accuracy",
  balancedAccuracy: "balanced accuracy",
  logLoss: "log loss",
  meanAbsoluteError: "mean absolute error",
  rootMeanSquaredError: "root mean squared error",
  r2: "R²",
};

// A larger matrix is not read.
const MOST_CLASSES = 20;

/**
 * The figures for rows that have the target.
 * @param known the rows that the trivial answer is learnt from.
 */
export async function scoreOf(predictor: Predictor<Prediction>, rows: Table, known: Table): Promise<Score> {
  const { schema } = predictor;
  const { classes } = schema;
  if (classes === null) {
    const { meanAbsoluteError, rootMeanSquaredError, r2 } = (await predictor.evaluate(rows)) as NumberFigures;
    const model = { meanAbsoluteError, rootMeanSquaredError, r2 };
    return { rows: rows.length, model, baseline: meanScore(schema.targets, rows, known), confusion: null };
  }
  const figures = (await predictor.evaluate(rows)) as ClassFigures;
  const { confusionMatrix, ...model } = figures;
  const [target, seen] = [rows, known].map((part) => schema.transform(part).y) as [Tensor, Tensor];
  return {
    rows: rows.length,
    model,
    baseline: frequencyScore(classes.length, target, seen),
    confusion: { classes, values: confusionMatrix.values },
  };
}

function frequencyScore(classes: number, target: Tensor, known: Tensor): Figures {
  const shares = new Float64Array(classes);
  for (const place of known.storage.forReading()) shares[place] = (shares[place] as number) + 1 / known.size;
  const y = fromTypedArray(
    Float64Array.from({ length: target.size * classes }, (_, i) => shares[i % classes] as number),
    [target.size, classes],
  );
  const options = { outputs: "probabilities" } as const;
  return {
    accuracy: accuracy(y, target, options),
    balancedAccuracy: balancedAccuracy(y, target, options),
    logLoss: logLoss(y, target, options),
  };
}

function meanScore(targets: readonly string[], rows: Table, known: Table): Figures {
  const means = targets.map((name) => {
    const values = known.column(name).toArray() as number[];
    return values.reduce((sum, value) => sum + value, 0) / values.length;
  });
  const tensorOf = (at: (row: number, i: number) => number): Tensor =>
    fromTypedArray(
      Float64Array.from({ length: rows.length * targets.length }, (_, i) =>
        at(Math.floor(i / targets.length), i % targets.length),
      ),
      [rows.length, targets.length],
    );
  const columns = targets.map((name) => rows.column(name));
  const y = tensorOf((_, i) => means[i] as number);
  const target = tensorOf((row, i) => columns[i]?.at(row) as number);
  return {
    meanAbsoluteError: meanAbsoluteError(y, target),
    rootMeanSquaredError: rootMeanSquaredError(y, target),
    r2: r2(y, target),
  };
}

const DIGITS = 4;
/** 0.97 → "0.97", 1234.56 → "1,235" */
const figure = (value: number): string => value.toLocaleString("en", { maximumSignificantDigits: DIGITS });

const rightAligned = (texts: readonly string[]): string[] => {
  const width = Math.max(...texts.map(({ length }) => length));
  return texts.map((text) => text.padStart(width));
};

/** A score as a table. */
export function scoreText(title: string, { rows, model, baseline, confusion }: Score): string {
  const answer = confusion === null ? "always the mean" : "always the most frequent class";
  const columns = [model, baseline].map((found) => rightAligned(Object.values(found).map(figure)));
  const figures = table(
    [`${title}, ${count(rows)} rows`, "model", answer],
    Object.keys(model).map((name, i) => [
      NAMES[name] ?? name,
      ...columns.map((column) => column[i] as string),
    ]),
  );
  return confusion === null ? figures : `${figures}\n\n${confusionText(confusion)}`;
}

function confusionText({ classes, values }: NonNullable<Score["confusion"]>): string {
  if (classes.length > MOST_CLASSES) {
    return `The confusion matrix has ${classes.length} classes: --json gives it.`;
  }
  const names = classes.map(String);
  const rows = values.map((row, i) => [names[i] as string, ...row]);
  return `${styled("bold", "Confusion matrix")}: a row for each true class, a column for each predicted one\n${table(["", ...names], rows)}`;
}

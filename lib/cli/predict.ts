import process from "node:process";
import { types } from "node:util";
import type { Prediction, Schema, SchemaInputs } from "../data/schema/schema.js";
import type { ClassPrediction } from "../data/schema/target.js";
import type { ColumnKind } from "../data/table/column.js";
import { dateText } from "../data/table/show.js";
import type { Table } from "../data/table/table.js";
import { DataError } from "../errors.js";
import { writeAtomically } from "../files/write.js";
import { optionalPackage } from "../optional-package.js";
import { Predictor } from "../train/predictor.js";
import { sourceOf } from "./read.js";
import { asCommand, isTabbed, readRows, withUnknown } from "./rows.js";
import { scoreOf, scoreText } from "./score.js";

export interface PredictorOptions {
  readonly separator?: string;
  readonly missing?: readonly string[];
  /** Default: what the schema says. */
  readonly unknown?: "error" | "stand-in";
  readonly json: boolean;
}

/** Prints how good a saved model is for rows that have the target. */
export async function evaluate(file: string, rows: string, options: PredictorOptions): Promise<void> {
  const predictor = await loaded("evaluate", file, options);
  const table = await rowsFor("evaluate", predictor.schema, rows, options);
  const score = await asCommand("evaluate", rows, () => scoreOf(predictor, table, table));
  process.stdout.write(`${options.json ? JSON.stringify(score, null, 2) : scoreText(rows, score)}\n`);
}

/** Writes rows with what a saved model says of them, to a file or to standard output. */
export async function predict(
  file: string,
  rows: string,
  options: PredictorOptions & { readonly out?: string },
): Promise<void> {
  const predictor = await loaded("predict", file, options);
  const table = await rowsFor("predict", predictor.schema, rows, options);
  const found = await asCommand("predict", rows, () => predictor.predict(table));
  const answers = found.map((one) => answerOf(one));
  const [first = {}] = answers;
  const written = options.json ? Object.keys(first) : [...flat(first).keys()];
  const taken = written.find((name) => table.has(name));
  if (taken !== undefined) {
    throw new DataError(
      `predict: ${rows} has a column ${JSON.stringify(taken)} already; give it another name`,
    );
  }
  const separator = options.separator ?? (isTabbed(rows) ? "\t" : ",");
  const texts = options.json ? asLines(table, answers) : asCsv(table, answers, separator);
  if (options.out !== undefined) {
    await writeAtomically("predict", options.out, encoded(texts));
    return;
  }
  for (const text of texts) await new Promise((resolve) => process.stdout.write(text, resolve));
}

/** The predictor in a file. */
async function loaded(
  command: string,
  file: string,
  { unknown }: PredictorOptions,
): Promise<Predictor<Prediction>> {
  const predictor = await asCommand(command, file, () => Predictor.load<Prediction>(file));
  if (unknown === undefined) return predictor;
  const { model, schema, outputs } = predictor;
  return new Predictor(model, withUnknown(schema, unknown), { outputs });
}

/**
 * The rows of a file, with the columns of the schema as it knows them. Says which columns get stand-ins.
 * @throws DataError for a missing column without stand-ins, and where all are missing
 */
async function rowsFor(
  command: "evaluate" | "predict",
  schema: Schema<SchemaInputs>,
  path: string,
  { separator, missing }: PredictorOptions,
): Promise<Table> {
  const kinds = new Map(schema.features.map(({ name, kind }): [string, ColumnKind] => [name, kind]));
  if (command === "evaluate") for (const name of schema.targets) kinds.set(name, targetKind(schema));
  const table = await readRows(command, path, {
    ...(missing === undefined ? {} : { missing }),
    // What the model does not look at stays as it is written.
    kindOf: (name) => kinds.get(name) ?? "text",
    ...(separator === undefined ? {} : { separator }),
  });
  const source = sourceOf(path);
  const absent = [...kinds.keys()].filter((name) => !table.has(name));
  if (absent.length === 0) return table;
  // If all features were stand-ins, the predictions would not depend on the rows.
  const isBlind = schema.features.every(({ name }) => absent.includes(name));
  const isLenient = schema.toJSON().unknown === "stand-in" && !isBlind;
  const needed = isLenient ? absent.filter((name) => schema.targets.includes(name)) : absent;
  if (needed.length > 0) {
    throw new DataError(`${command}: ${source} has no column ${list(needed)}; it has ${list(table.names)}`);
  }
  process.stderr.write(`${command}: ${source} has no column ${list(absent)}; its rows get stand-ins there\n`);
  return table;
}

/** At most twelve names, quoted. */
const list = (names: readonly string[]): string =>
  names
    .slice(0, 12)
    .map((name) => JSON.stringify(name))
    .join(", ");

function targetKind({ classes }: Schema<SchemaInputs>): ColumnKind {
  if (classes === null || typeof classes[0] === "number") return "number";
  return typeof classes[0] === "boolean" ? "boolean" : "category";
}

type Answer = Readonly<Record<string, unknown>>;

/** A prediction by the names of columns; probabilities as an object. */
function answerOf(found: Prediction): Answer {
  if (typeof found === "number") return { prediction: found };
  if (isClass(found)) {
    const { probability, probabilities } = found;
    return { prediction: found.class, probability, probabilities };
  }
  return { prediction: found };
}

const isClass = (found: Exclude<Prediction, number>): found is ClassPrediction =>
  typeof found["probabilities"] === "object";

/** The answer with an object's values in columns of their own. */
const flat = (answer: Answer): Map<string, unknown> =>
  new Map(
    Object.entries(answer).flatMap(([name, value]): [string, unknown][] => {
      if (typeof value !== "object" || value === null) return [[name, value]];
      const stem = name === "probabilities" ? "probability" : name;
      return Object.entries(value).map(([key, one]) => [`${stem}_${key}`, one]);
    }),
  );

// Rows that are written at once.
const BLOCK = 10_000;

function* asLines(table: Table, answers: readonly Answer[]): Generator<string> {
  for (let begin = 0; begin < table.length; begin += BLOCK) {
    const block = answers.slice(begin, begin + BLOCK);
    yield block.map((answer, i) => `${JSON.stringify({ ...table.row(begin + i), ...answer })}\n`).join("");
  }
}

/** The part of papaparse that is used. */
interface Papa {
  unparse(
    rows: readonly (readonly unknown[])[],
    config: { readonly delimiter: string; readonly newline: string },
  ): string;
}

function* asCsv(table: Table, answers: readonly Answer[], delimiter: string): Generator<string> {
  const { unparse } = optionalPackage<Papa>("predict", "papaparse");
  const write = (rows: readonly (readonly unknown[])[]): string =>
    `${unparse(rows, { delimiter, newline: "\n" })}\n`;
  yield write([[...table.names, ...flat(answers[0] as Answer).keys()]]);
  const columns = table.names.map((name) => table.column(name));
  for (let begin = 0; begin < table.length; begin += BLOCK) {
    const block = answers.slice(begin, begin + BLOCK);
    yield write(
      block.map((answer, i) => [
        ...columns.map((column) => {
          const cell = column.at(begin + i);
          return types.isDate(cell) ? dateText(cell) : cell;
        }),
        ...flat(answer).values(),
      ]),
    );
  }
}

function* encoded(texts: Iterable<string>): Generator<Uint8Array> {
  for (const text of texts) yield Buffer.from(text);
}

import { accessSync, constants } from "node:fs";
import { resolve } from "node:path";
import process from "node:process";
import { type Prediction, Schema, type SchemaInputs } from "../data/schema/schema.js";
import { fewWholes } from "../data/schema/target.js";
import { split } from "../data/split/split.js";
import type { ColumnKind } from "../data/table/column.js";
import type { Table } from "../data/table/table.js";
import { ArgumentError, DataError } from "../errors.js";
import { fileError } from "../files/path.js";
import { planReplacement } from "../files/write.js";
import { save } from "../keeping/save.js";
import { Mlp, Tabular } from "../nn/index.js";
import type { Module } from "../nn/module.js";
import { AdamW } from "../optim/index.js";
import { manualSeed } from "../random/generator.js";
import { type EpochReport, fit } from "../train/fit.js";
import { Predictor } from "../train/predictor.js";
import { count } from "./layout.js";
import { asCommand, readRows, stemOf, withUnknown } from "./rows.js";
import { type Score, scoreOf, scoreText } from "./score.js";

export type Task = "classification" | "regression";
type ModelKind = "mlp" | "tabular";

export interface TrainOptions {
  readonly target: string;
  readonly task?: Task;
  readonly model?: ModelKind;
  readonly hidden?: readonly number[];
  readonly dropout: number;
  readonly epochs: number;
  readonly patience: number;
  readonly batchSize?: number;
  readonly lr: number;
  readonly seed: number;
  readonly test: number;
  readonly validation: number;
  readonly exclude?: readonly string[];
  readonly category?: readonly string[];
  readonly missing?: readonly string[];
  readonly unknown: "error" | "stand-in";
  readonly balanced: boolean;
  readonly separator?: string;
  readonly out?: string;
  readonly json: boolean;
  readonly quiet: boolean;
}

/** What is told on standard error meanwhile. */
type Tell = (text: string) => void;

interface Parts {
  readonly train: Table;
  readonly validation: Table | null;
  readonly test: Table;
}

/** Learns a table, tells how well, and saves the model with its schema. @returns whether it came to its end */
export async function train(file: string, options: TrainOptions): Promise<boolean> {
  const out = options.out ?? `${file === "-" ? "model" : stemOf(file)}.safetensors`;
  checkWritable(out);
  const tell: Tell = options.quiet ? () => {} : (text) => process.stderr.write(`${text}\n`);
  const { parts, task } = await partsOf(file, options, tell);
  const made = await asCommand("train", file, () => learnSchema(parts, task, options, tell));
  manualSeed(options.seed);
  const model = makeModel(made, options);
  tell(`${made.kind} of ${count(model.parameters().reduce((sum, { size }) => sum + size, 0))} parameters`);
  const history = await learn(model, made, parts, options, tell);
  if (history === null) return false;
  const predictor = new Predictor<Prediction>(model.eval(), lenient(made.schema));
  const score = await asCommand("train", file, () => scoreOf(predictor, parts.test, parts.train));
  await save(model, out, { schema: made.schema });
  process.stdout.write(`${options.json ? asJSON(out, parts, history, score) : asText(out, score)}\n`);
  return true;
}

/** Finds out before a long training whether the file can be written. @throws FileError */
function checkWritable(path: string): void {
  try {
    accessSync(planReplacement("train", path, resolve(path)).folder, constants.W_OK);
  } catch (error) {
    throw fileError("train", path, "written", error);
  }
}

// What rounding may leave of 1 is less.
const LEAST_SHARE = 1e-9;

/** The rows that have the target, in three parts. */
async function partsOf(
  file: string,
  options: TrainOptions,
  tell: Tell,
): Promise<{ readonly parts: Parts; readonly task: Task | undefined }> {
  const { target, exclude = [], category = [], separator, missing = [] } = options;
  const share = 1 - options.test - options.validation;
  if (share < LEAST_SHARE) {
    throw new ArgumentError(
      `train: expected --test and --validation to leave rows to learn from, below 1 together, got ${options.test} and ${options.validation}`,
    );
  }
  const kinds = new Map(category.map((name): [string, ColumnKind] => [name, "category"]));
  const read = await readRows("train", file, {
    missing,
    kindOf: (name) => kinds.get(name),
    ...(separator === undefined ? {} : { separator }),
  });
  return asCommand("train", file, () => {
    for (const name of [target, ...category]) read.column(name);
    const table = withTarget(read.drop(exclude), target, tell);
    const task = options.task ?? taskOf(table, target, tell);
    const isClass =
      task === "classification" || (task === undefined && table.column(target).kind !== "number");
    const used = isClass ? withoutLoners(table, target, tell) : table;
    const fractions = [share, options.test];
    if (options.validation > 0) fractions.push(options.validation);
    const found = split(used, fractions, { seed: options.seed, ...(isClass ? { stratify: target } : {}) });
    const [trained, test, validation = null] = found as [Table, Table, Table?];
    const sizes = `${count(trained.length)} rows to learn from, ${count(validation?.length ?? 0)} for validation, ${count(test.length)} for the test`;
    tell(`${file}: ${count(read.length)} rows × ${read.names.length} columns; ${sizes}`);
    return { parts: { train: trained, validation, test }, task };
  });
}

function withTarget(table: Table, target: string, tell: Tell): Table {
  const column = table.column(target);
  const rows = Array.from({ length: table.length }, (_, row) => row).filter((row) => !column.isMissing(row));
  if (rows.length === table.length) return table;
  if (rows.length === 0) throw new DataError(`train: no row has a ${JSON.stringify(target)}`);
  const without = table.length - rows.length;
  const what = `without ${JSON.stringify(target)}`;
  tell(without === 1 ? `1 row ${what} is left out` : `${count(without)} rows ${what} are left out`);
  return table.take(rows);
}

/** The task that few whole numbers leave open; undefined: what the schema says. */
function taskOf(table: Table, target: string, tell: Tell): Task | undefined {
  const few = fewWholes(table.column(target));
  if (few === null) return undefined;
  tell(
    `${JSON.stringify(target)} has ${few} different whole numbers, which are taken for classes; --task regression takes them for numbers`,
  );
  return "classification";
}

/** The rows whose class others have, too: a class of one row cannot be learnt and tested. */
function withoutLoners(table: Table, target: string, tell: Tell): Table {
  const places = new Map<unknown, number[]>();
  Array.from(table.column(target)).forEach((name, row) => {
    const known = places.get(name);
    if (known === undefined) places.set(name, [row]);
    else known.push(row);
  });
  const alone = [...places].filter(([, rows]) => rows.length === 1);
  if (alone.length === 0) return table;
  const names = alone.slice(0, 5).map(([name]) => JSON.stringify(name));
  const list = alone.length > names.length ? `${names.join(", ")}, …` : names.join(", ");
  if (alone.length === places.size)
    throw new DataError(
      `train: each value of ${JSON.stringify(target)} is there once, so they are no classes`,
    );
  tell(`classes of one row are left out: ${list}`);
  const left = new Set(alone.map(([, rows]) => rows[0] as number));
  return table.take(Array.from({ length: table.length }, (_, row) => row).filter((row) => !left.has(row)));
}

interface Learnable {
  readonly kind: "nn.Mlp" | "nn.Tabular";
  readonly schema: Schema<SchemaInputs>;
}

/** With more categories than this in a column, each category gets a vector of its own. */
const MANY = 20;

function learnSchema(
  { train, test, validation }: Parts,
  task: Task | undefined,
  options: TrainOptions,
  tell: Tell,
): Learnable {
  const { target, unknown, category = [] } = options;
  const types = Object.fromEntries(category.map((name) => [name, "category" as const]));
  const given = { target, unknown, types, ...(task === undefined ? {} : { task }) };
  const isWide = train.names.some(
    (name) => name !== target && (train.column(name).categories?.length ?? 0) > MANY,
  );
  const kind = options.model ?? (isWide ? "tabular" : "mlp");
  const schema: Schema<SchemaInputs> =
    kind === "tabular" ? Schema.learn(train, { ...given, embed: 0 }) : Schema.learn(train, given);
  if (options.balanced && schema.classes === null) {
    throw new ArgumentError("train: --balanced is for classes, and the target is a number");
  }
  if (schema.skipped.length > 0) {
    tell(
      `left out, as free text or without a value: ${schema.skipped.map((name) => JSON.stringify(name)).join(", ")}`,
    );
  }
  for (const part of [test, validation]) {
    if (part !== null) tellUnknown(schema, part, tell);
  }
  return { kind: kind === "tabular" ? "nn.Tabular" : "nn.Mlp", schema };
}

/** The schema with stand-ins for what was not in training. */
const lenient = (schema: Schema<SchemaInputs>): Schema<SchemaInputs> => withUnknown(schema, "stand-in");

/** Says where the rows have what was not in training. */
function tellUnknown(schema: Schema<SchemaInputs>, part: Table, tell: Tell): void {
  try {
    withUnknown(schema, "error").encode(part);
  } catch (error) {
    if (!(error instanceof DataError)) throw error;
    lenient(schema).encode(part);
    const what = error.message.replace(/^encode: (?:row \d+(?:, )?)?/, "").replace(/ \(unknown: .*\)$/, "");
    tell(`a row that is not learnt from has what training has not, and gets a stand-in there: ${what}`);
  }
}

const HIDDEN = [64, 64];
const WIDTH = 128;

function makeModel({ schema, kind }: Learnable, { hidden, dropout }: TrainOptions): Module {
  if (kind === "nn.Mlp") {
    return new Mlp({ in: schema.size, hidden: hidden ?? HIDDEN, out: schema.outputs, dropout });
  }
  if (hidden !== undefined && hidden.length > 1) {
    throw new ArgumentError("train: --hidden takes one width for --model tabular");
  }
  return new Tabular(schema, { width: hidden?.[0] ?? WIDTH, dropout });
}

// Steps of an epoch that a small set should have, and the batches between which that chooses.
const STEPS = 20;
const [LEAST_BATCH, MOST_BATCH] = [16, 256];

const batchSizeFor = (rows: number): number =>
  Math.min(MOST_BATCH, Math.max(LEAST_BATCH, 2 ** Math.round(Math.log2(rows / STEPS))));

/** Trains. @returns null if Ctrl-C ended it */
async function learn(
  model: Module,
  { schema }: Learnable,
  { train: rows, validation }: Parts,
  options: TrainOptions,
  tell: Tell,
): Promise<EpochReport[] | null> {
  const { epochs, patience, seed, lr, balanced } = options;
  const batchSize = options.batchSize ?? batchSizeFor(rows.length);
  const controller = new AbortController();
  const stop = () => controller.abort();
  process.once("SIGINT", stop);
  const show = options.quiet ? () => {} : progress(epochs);
  try {
    const history = await fit(model, {
      data: rows,
      schema: lenient(schema),
      optimizer: new AdamW(model.parameters(), { lr }),
      epochs,
      batchSize,
      seed,
      signal: controller.signal,
      onEpoch: show,
      ...(balanced ? { classWeight: "balanced" } : {}),
      ...(validation === null ? {} : { validation, earlyStopping: { patience, restoreBest: true } }),
    });
    tell(ending(history, epochs));
    return history;
  } catch (error) {
    if (!controller.signal.aborted) throw error;
    process.stderr.write("\ntrain: interrupted; nothing is saved\n");
    return null;
  } finally {
    process.removeListener("SIGINT", stop);
  }
}

/** Shows the losses: on a terminal in one line that is written anew, otherwise in about ten lines. */
function progress(epochs: number): (report: EpochReport) => void {
  const { isTTY } = process.stderr;
  const every = isTTY ? 1 : Math.max(1, Math.round(epochs / 10));
  return ({ epoch, loss, validation }) => {
    if (epoch % every > 0 && epoch < epochs) return;
    const second = validation === null ? "" : `, validation ${validation.loss.toFixed(4)}`;
    const line = `epoch ${epoch}/${epochs}: loss ${loss.toFixed(4)}${second}`;
    process.stderr.write(isTTY ? `\r\u001b[K${line}` : `${line}\n`);
  };
}

function ending(history: readonly EpochReport[], epochs: number): string {
  const newLine = process.stderr.isTTY ? "\n" : "";
  const best = bestOf(history);
  const last = history.length;
  if (best === null) return `${newLine}trained for ${last} epochs`;
  const why = last < epochs ? "as validation got no better" : "the most that were asked for";
  return `${newLine}trained for ${last} epochs, ${why}; the model is that of epoch ${best}`;
}

/** The epoch with the least loss of validation; null without one. */
function bestOf(history: readonly EpochReport[]): number | null {
  const losses = history.map(({ validation }) => validation?.loss ?? Number.NaN);
  const least = losses.reduce((min, loss) => (loss < min ? loss : min), Number.POSITIVE_INFINITY);
  return Number.isFinite(least) ? (history[losses.indexOf(least)] as EpochReport).epoch : null;
}

const asText = (out: string, score: Score): string =>
  `${scoreText("test part", score)}\n\nsaved as ${out}; npx thalweg predict ${out} ROWS gives predictions`;

function asJSON(
  out: string,
  { train: rows, validation, test }: Parts,
  history: readonly EpochReport[],
  score: Score,
): string {
  return JSON.stringify(
    {
      saved: out,
      rows: { train: rows.length, validation: validation?.length ?? 0, test: test.length },
      epochs: history.length,
      best: bestOf(history),
      test: score,
    },
    null,
    2,
  );
}

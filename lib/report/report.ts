import { type AnySamples, toDataset } from "../data/dataset.js";
import { formOf } from "../data/parts.js";
import { checkSchema, type Schema, type SchemaInputs } from "../data/schema/schema.js";
import { ArgumentError } from "../errors.js";
import { checkPath, type FilePath } from "../files/path.js";
import { writeAtomically } from "../files/write.js";
import type { AnyModule } from "../nn/module.js";
import { checkList, checkOptions, describe, isPlainObject } from "../options.js";
import { checkModel } from "../train/check.js";
import type { EpochReport } from "../train/fit.js";
import type { Fact } from "../train/following.js";
import { type KeptSamples, keepSamples } from "../train/kept-samples.js";
import { type ObjectiveOptions, readObjective } from "../train/objective.js";
import { originOf, type RowSet, withoutRows } from "../train/row-options.js";
import { type Judgement, judge } from "./judgement.js";
import { checkPackages } from "./packages.js";
import { pageOf } from "./page.js";
import type { RunRecord } from "./record.js";

export interface ReportOptions {
  /** The heading. Default: "Training report". */
  readonly title?: string;
  /** The path of a file, which is written too, whole or not at all. Default: none. */
  readonly to?: FilePath;
  /** The model, for its diagram and its layers. Default: none. */
  readonly model?: AnyModule;
  /**
   * A set, for its summary, and with `cost` for the confusion matrix or the residuals and the samples of the highest
   * cost: `{ x, y }`, a Dataset, or with `schema` rows. At most 10,000 of its samples are looked at, and 64 MiB. Needs
   * `model`. Default: none.
   */
  readonly data?: AnySamples | RowSet;
  /** The cost by which the model was trained, as of `fit`. Default: with `schema` that of `fit`. */
  readonly cost?: ObjectiveOptions["cost"];
  /** How rows become tensors, and what the outputs mean. Default: none. */
  readonly schema?: Schema<SchemaInputs>;
  /** What is to be listed as options: texts, numbers, true and false, by name. Default: none. */
  readonly options?: Readonly<Record<string, Fact>>;
}

const OPTIONS = ["title", "to", "model", "data", "cost", "schema", "options"] as const;

/**
 * A page about a training: one HTML file that needs nothing from outside, and in which nothing runs. It has the curves;
 * with a model its diagram; with a set its summary; and with a cost the confusion matrix or the residuals and the samples
 * of the highest cost, as images where they are images. `fit` makes one with more in it by its option `report`.
 *
 * Needs the packages @dagrejs/dagre, vega and vega-lite; images need fast-png.
 * @param history What `fit` gave.
 * @returns the HTML.
 * @throws ArgumentError, OptionError; DataError, ShapeError for a set that does not go with the model; FileError;
 *   PackageError
 * @example
 * const history = await fit(model, { data: { x, y }, cost: cost.crossEntropy, optimizer, epochs: 2 });
 * const page = await report(history, { model, data: { x, y }, cost: cost.crossEntropy });
 * page.startsWith("<!doctype html>");   // true
 */
export async function report(history: readonly EpochReport[], options: ReportOptions = {}): Promise<string> {
  const where = "report";
  checkOptions(where, options, OPTIONS);
  const { title = "Training report", to, data } = options;
  const reports = readHistory(where, history);
  if (typeof title !== "string") {
    throw new ArgumentError(`${where}: expected title to be a text, got ${describe(title)}`);
  }
  if (to !== undefined) checkPath(where, to);
  const model = options.model === undefined ? null : checkModel(where, options.model);
  const facts = readFacts(where, options.options ?? {});
  if (options.schema !== undefined) checkSchema(where, options.schema, "there is no target");
  if (data !== undefined && model === null) {
    throw new ArgumentError(`${where}: expected a model with data, which is run on it`);
  }
  checkPackages(where);
  const looked = data === undefined ? null : await look(where, model as AnyModule, options);
  const record: RunRecord = {
    title,
    history: reports,
    rates: [],
    model,
    kept: looked?.kept ?? null,
    samples: null,
    judgement: looked?.judgement ?? null,
    losses: null,
    gradients: null,
    options: facts,
    outcome: null,
  };
  const page = pageOf(record, new Date());
  if (to !== undefined) await writeAtomically(where, to, [new TextEncoder().encode(page)]);
  return page;
}

/** The samples that are shown, and what the model makes of them. */
async function look(
  where: string,
  model: AnyModule,
  options: ReportOptions,
): Promise<{ readonly kept: KeptSamples; readonly judgement: Judgement | null }> {
  const { data, cost, schema } = withoutRows(where, { ...options });
  const dataset = toDataset(where, "data", data);
  const kept = keepSamples({
    set: null,
    dataset,
    isStream: false,
    rows: originOf(data)?.[0] ?? null,
    rowPlaces: null,
    schema: schema ?? null,
  });
  if (cost === undefined) return { kept, judgement: null };
  const objective = readObjective(where, { cost, schema }, formOf(dataset.y));
  return { kept, judgement: await judge(model, objective, kept) };
}

function readHistory(where: string, given: unknown): readonly EpochReport[] {
  const reports = checkList(where, "history to be the list that fit gives", given);
  const other = reports.find((report) => !isReport(report));
  if (other === undefined) return reports as EpochReport[];
  throw new ArgumentError(`${where}: expected history to hold reports of epochs, one is ${describe(other)}`);
}

function isReport(value: unknown): value is EpochReport {
  if (!isPlainObject(value)) return false;
  const { metrics, validation, changes } = value;
  const isFigures = (one: unknown): boolean => typeof one === "object" && one !== null;
  return (
    ["epoch", "loss", "seconds", "samplesPerSecond"].every((name) => typeof value[name] === "number") &&
    isFigures(metrics) &&
    (validation === null || isFigures(validation)) &&
    (changes === undefined || (Array.isArray(changes) && changes.every(isFigures)))
  );
}

function readFacts(where: string, given: unknown): Readonly<Record<string, Fact>> {
  if (!isPlainObject(given)) {
    throw new ArgumentError(`${where}: expected options to be values by name, got ${describe(given)}`);
  }
  const other = Object.entries(given).find(
    ([, value]) => !["string", "number", "boolean"].includes(typeof value),
  );
  if (other === undefined) return given as Readonly<Record<string, Fact>>;
  const [name, value] = other;
  throw new ArgumentError(
    `${where}: expected ${describe(name)} of options to be a text, a number, true or false, got ${describe(value)}`,
  );
}

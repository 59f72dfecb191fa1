import { ArgumentError, DataError } from "../../errors.js";
import {
  checkChoice,
  checkFlag,
  checkList,
  checkOptions,
  describe,
  isInstance,
  isPlainObject,
} from "../../options.js";
import { fromTypedArray } from "../../tensor/create.js";
import { allocate } from "../../tensor/dtype.js";
import { checkTensor, type Tensor } from "../../tensor/tensor.js";
import { Column, type ColumnKind, checkKind, columnOfCategories } from "../table/column.js";
import { textOf } from "../table/infer.js";
import { checkNames, checkTyped, firstTwice } from "../table/source.js";
import { Table } from "../table/table.js";
import {
  DATE_PARTS,
  type DatePart,
  type EncodeContext,
  type Encoder,
  encoderOf,
  type Feature,
  inputNames,
  isEmbedded,
  learnFeature,
  refuseLarge,
  SCALES,
  type Scale,
} from "./feature.js";
import { FORMAT, readSchema, type SchemaJSON } from "./json.js";
import { type Rows, type RowsLike, rowsOf } from "./rows.js";
import {
  type ClassName,
  type ClassPrediction,
  classesFrom,
  encodeTarget,
  learnTarget,
  numbersFrom,
  targetNames,
} from "./target.js";

export interface SchemaOptions {
  /** The column that is learnt, or several of numbers. Default: none. */
  readonly target?: string | readonly string[];
  /**
   * Whether the target is a class or a number. Default: a class for categories and booleans, a number for numbers. For up
   * to 10 different whole numbers it has to be said.
   */
  readonly task?: "classification" | "regression";
  /** The columns that are inputs. Default: all others but text and columns without a value; those are in `skipped`. */
  readonly features?: readonly string[];
  /** Columns to be taken as another kind: `{ pclass: "category" }` for numbers that are names. */
  readonly types?: Readonly<Record<string, ColumnKind>>;
  /**
   * How numbers are scaled: `"standard"`, (x − mean)/deviation; `"range"`, (x − min)/(max − min); `"quantile"`, to a
   * normal distribution by up to 1000 quantiles; `"none"`. Or by column; then the others are standard.
   * Default: "standard".
   */
  readonly scale?: Scale | Readonly<Record<string, Scale>>;
  /** What stands for a missing number or date: the median or the mean of those in training. Default: "median". */
  readonly missing?: "median" | "mean";
  /** Whether a column with missing numbers has an input more, 1 where one is missing. Default: true. */
  readonly indicators?: boolean;
  /**
   * What becomes of a category that was not in training, of a missing value in a column that missed none, and of a
   * missing column. An error, or a stand-in: no category (index 0 of an embedding), the median or mean. Default: "error".
   */
  readonly unknown?: "error" | "stand-in";
  /**
   * The columns that become indices for embeddings: their names, or a number, which means each column with more
   * categories than that. The inputs are then an object of `numbers` and `categories`. Default: none.
   */
  readonly embed?: readonly string[] | number;
  /** What is made of dates. Default: ["time"]. */
  readonly dates?: readonly DatePart[];
  /** Whether a number as target is scaled to mean 0 and deviation 1. Default: true. */
  readonly scaleTarget?: boolean;
  /** Default: float32. */
  readonly dtype?: "float32" | "float64";
}

const OPTIONS = [
  "target",
  "task",
  "features",
  "types",
  "scale",
  "missing",
  "indicators",
  "unknown",
  "embed",
  "dates",
  "scaleTarget",
  "dtype",
] as const;

/** The inputs of a model with embeddings: numbers [P, size], and indices, int32 [P, embeddings]. */
export type EmbeddedInputs = {
  readonly numbers: Tensor;
  readonly categories: Tensor;
};
/** The inputs of a model: a tensor [P, size], or with the option `embed` also indices. */
export type SchemaInputs = Tensor | EmbeddedInputs;

/** What `inverse` gives for a row: a class, a number, or several numbers by name. */
export type Prediction = ClassPrediction | number | Readonly<Record<string, number>>;

/** A category that is embedded. */
export interface EmbeddedCategory {
  readonly name: string;
  /** Number of indices: 0 is an unknown category, the last one a missing value if there were any. */
  readonly count: number;
}

/**
 * How the rows of a table become tensors, and a model's outputs become classes or numbers again. It is learnt from the
 * training part alone, and kept with the model.
 *
 * Numbers are scaled. Of a category of k values k inputs are made, of which one is 1 (one-hot), or an index for an
 * embedding. true is 1. Dates are the time since the mean of training over its deviation. What is missing has an input of
 * its own, or is a category of its own; for a number the median stands in. Text is left out, see `skipped`. Whole numbers
 * that are names, such as postcodes, are taken as categories by `types`.
 *
 * @example
 * const table = new data.Table([
 *   { age: 22, sex: "male", survived: false },
 *   { age: null, sex: "female", survived: true },
 *   { age: 38, sex: "female", survived: true },
 * ]);
 * const schema = data.Schema.learn(table, { target: "survived" });
 * const { x: inputs, y: classes } = schema.transform(table);
 * schema.names             // ["age", "age is missing", "sex=female", "sex=male"]
 * inputs.shape             // [3, 4]
 * classes.toArray()        // [0, 1, 1]
 * schema.inverse(tensor([[0, 2]]))[0].class   // true
 */
export class Schema<X extends SchemaInputs = Tensor> {
  readonly #json: SchemaJSON;
  /** The features whose inputs are numbers. */
  readonly #dense: readonly Feature[];
  /** Number of inputs without embeddings. */
  readonly #size: number;
  readonly #numbers: readonly Encoder[];
  readonly #indices: readonly Encoder[];

  /** As `Schema.fromJSON`. */
  constructor(json: unknown) {
    this.#json = readSchema("Schema", json);
    this.#dense = this.features.filter((feature) => !isEmbedded(feature));
    this.#numbers = this.#dense.map(encoderOf);
    this.#indices = this.features.filter(isEmbedded).map(encoderOf);
    this.#size = widthOf(this.#numbers);
  }

  /**
   * Learns a schema.
   * @param table the training part: a table, or objects.
   * @throws DataError for a target that is missing in a row, a number that is not finite, or a column without a value;
   *   ArgumentError, OptionError
   */
  static learn(
    table: RowsLike,
    options: SchemaOptions & Required<Pick<SchemaOptions, "embed">>,
  ): Schema<EmbeddedInputs>;
  static learn(table: RowsLike, options?: SchemaOptions & { readonly embed?: never }): Schema;
  static learn(table: RowsLike, options: SchemaOptions = {}): Schema<SchemaInputs> {
    const where = "Schema.learn";
    checkOptions(where, options, OPTIONS);
    const read = readOptions(where, options);
    const given = isInstance(table, Table)
      ? table
      : new Table(checkList(where, "a Table or objects", table) as []);
    if (given.length === 0) throw new DataError(`${where}: expected at least one row, got none`);
    const whole = retyped(where, given, options.types);
    for (const name of read.targets) whole.column(name);
    const { names, skipped } = featuresOf(where, whole, options.features, read.targets);
    const features = names.map((name) => {
      const column = whole.column(name);
      const embedded = column.kind === "category" && read.embeds(name, column.categories?.length ?? 0);
      return learnFeature(where, name, column, { ...read, embedded, scale: read.scaleOf(name) });
    });
    read.checkEmbedded(features);
    checkInputs(where, features);
    const target =
      read.targets.length === 0
        ? null
        : learnTarget(where, whole, read.targets, { task: read.task, scaled: read.scaleTarget });
    const { unknown, dtype } = read;
    const embeds = options.embed !== undefined;
    return new Schema({ format: FORMAT, version: 1, unknown, dtype, embeds, features, target, skipped });
  }

  /**
   * The schema that `toJSON` gave, the same in every bit.
   * @throws DataError for what is not a schema
   * @example
   * const schema = data.Schema.learn([{ a: 1 }, { a: 2 }]);
   * data.Schema.fromJSON(JSON.parse(JSON.stringify(schema))).size   // 1
   */
  static fromJSON<X extends SchemaInputs = Tensor>(json: unknown): Schema<X> {
    return new Schema<X>(json);
  }

  /** What `JSON.stringify` writes. */
  toJSON(): SchemaJSON {
    return structuredClone(this.#json);
  }

  /** What was learnt of each column. */
  get features(): readonly Feature[] {
    return this.#json.features;
  }

  /** The columns that are left out: text, and those without a value in training. */
  get skipped(): readonly string[] {
    return this.#json.skipped;
  }

  /** The names of the inputs without embeddings: `"age"`, `"age is missing"`, `"sex=male"`. */
  get names(): readonly string[] {
    return this.#dense.flatMap(inputNames);
  }

  /** Number of inputs without embeddings. */
  get size(): number {
    return this.#size;
  }

  /** The categories that are embedded, in the order of the columns of indices. */
  get embeddings(): readonly EmbeddedCategory[] {
    return this.features.filter(isEmbedded).map(({ name, categories, missing }) => ({
      name,
      count: 1 + categories.length + Number(missing === "shown"),
    }));
  }

  /** The names of the target's columns; none without a target. */
  get targets(): readonly string[] {
    const { target } = this.#json;
    return target === null ? [] : targetNames(target);
  }

  /** The classes of the target, in the order of a model's outputs; null for numbers. */
  get classes(): readonly ClassName[] | null {
    const { target } = this.#json;
    return target?.task === "classification" ? target.classes : null;
  }

  /** Number of outputs of a model for the target: its classes or numbers; 0 without a target. */
  get outputs(): number {
    const { target } = this.#json;
    if (target === null) return 0;
    return target.task === "classification" ? target.classes.length : target.names.length;
  }

  /**
   * Samples and targets of rows that have both: x as of `encode`; y [P], int32, are positions in `classes`, or
   * [P, targets] scaled numbers.
   * @throws as `encode`; DataError for a missing target, and a class that was not in training
   */
  transform(rows: RowsLike): { readonly x: X; readonly y: Tensor } {
    const where = "transform";
    const { target, dtype } = this.#json;
    if (target === null) {
      throw new ArgumentError(
        `${where}: the schema was learnt without a target; encode gives the inputs alone`,
      );
    }
    const read = rowsOf(where, rows);
    const absent = targetNames(target).find((name) => !read.has(name));
    if (absent !== undefined) {
      throw new DataError(`${where}: there is no target ${describe(absent)}; encode gives the inputs alone`);
    }
    return { x: this.#encode(where, read), y: encodeTarget(where, target, read, dtype) };
  }

  /**
   * The inputs of rows, which need no target: [P, size]; with embeddings an object of `numbers` [P, size] and
   * `categories` [P, embeddings], int32.
   * @example
   * const schema = data.Schema.learn([{ a: 1, c: "x" }, { a: 3, c: "y" }], { embed: ["c"] });
   * const { numbers, categories } = schema.encode([{ a: 5, c: "y" }]);
   * numbers.toArray()      // [[3]]
   * categories.toArray()   // [[2]]
   * @throws DataError with row and column: a text where a number belongs, and, unless stand-ins were asked for, an unknown
   *   category, a missing column, a missing value where none was missing in training; ArgumentError
   */
  encode(rows: RowsLike): X {
    return this.#encode("encode", rowsOf("encode", rows));
  }

  #encode(where: string, rows: Rows): X {
    const context = { where, rows, lenient: this.#json.unknown === "stand-in" };
    const numbers = joined(this.#numbers, this.#json.dtype, context);
    if (!this.#json.embeds) return numbers as X;
    const categories = joined(this.#indices, "int32", context);
    return { numbers, categories } as X;
  }

  /**
   * What a model's outputs mean. Of classes: the most probable one of each row and the probabilities of all, from outputs
   * [P, classes], or of two classes also [P, 1] or [P], the second one's. Of a number: the numbers in their own units, from
   * [P, 1] or [P]; of several: objects of them.
   * @typeParam P number for a target that is a number, an object of numbers for several.
   * @param options `outputs`: what the model gives for classes, "logits" (default) or "probabilities".
   * @throws DataError for outputs of a class that are NaN; ShapeError, ArgumentError, OptionError
   */
  inverse<P extends Prediction = ClassPrediction>(
    output: Tensor,
    options: { readonly outputs?: "logits" | "probabilities" } = {},
  ): P[] {
    const where = "inverse";
    checkOptions(where, options, ["outputs"]);
    const kind = checkChoice(where, "outputs", options.outputs ?? "logits", ["logits", "probabilities"]);
    checkTensor(where, "output", output);
    const { target } = this.#json;
    if (target === null) throw new ArgumentError(`${where}: the schema was learnt without a target`);
    if (target.task === "classification") {
      return classesFrom(where, target, output, kind === "probabilities") as P[];
    }
    const lists = numbersFrom(where, target, output);
    if (lists.length === 1) return lists[0] as P[];
    const [first] = lists as [number[]];
    return first.map(
      (_, row) =>
        Object.fromEntries(target.names.map((name, i) => [name, (lists[i] as number[])[row] as number])) as P,
    );
  }

  toString(): string {
    const { target } = this.#json;
    const lines = this.features.map((feature) => `  ${describe(feature.name)}: ${summaryOf(feature)}`);
    const goal =
      target === null
        ? []
        : target.task === "classification"
          ? [`  target ${describe(target.name)}: ${target.classes.map(describe).join(", ")}`]
          : [`  target ${target.names.map(describe).join(", ")}: numbers`];
    const left = this.skipped.length === 0 ? [] : [`  left out: ${this.skipped.map(describe).join(", ")}`];
    return ["Schema", ...lines, ...goal, ...left].join("\n");
  }

  /** @internal */
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return this.toString();
  }
}

function summaryOf(feature: Feature): string {
  const missing = feature.missing === "refused" ? "" : ", some missing";
  if (feature.kind !== "category")
    return `${feature.kind}${feature.kind === "number" ? `, ${feature.scale}` : ""}${missing}`;
  const use = feature.embedded ? "embedded" : "one-hot";
  return `${feature.categories.length} categories, ${use}${missing}`;
}

const widthOf = (encoders: readonly Encoder[]): number => encoders.reduce((sum, { width }) => sum + width, 0);

/** The inputs of features side by side. */
function joined(
  encoders: readonly Encoder[],
  dtype: "float32" | "float64" | "int32",
  context: EncodeContext,
): Tensor {
  const { where, rows } = context;
  const width = widthOf(encoders);
  const values = allocate(dtype, rows.length * width, where);
  let at = 0;
  for (const { name, encode } of encoders) {
    for (const column of encode(context)) {
      for (let row = 0; row < rows.length; row++) {
        values[row * width + at] = column[row] as number;
        if (!Number.isFinite(values[row * width + at])) refuseLarge(where, row, name, dtype);
      }
      at++;
    }
  }
  return fromTypedArray(values, [rows.length, width]);
}

/** @throws DataError if two inputs have one name, as of a column "a is missing" and of another one's missing values */
function checkInputs(where: string, features: readonly Feature[]): void {
  const twice = firstTwice(features.flatMap(inputNames));
  if (twice === undefined) return;
  throw new DataError(`${where}: two inputs have the name ${describe(twice)}; give a column another name`);
}

/** The table with some columns as other kinds. */
function retyped(where: string, table: Table, types: SchemaOptions["types"]): Table {
  if (types === undefined) return table;
  if (!isPlainObject(types))
    throw new ArgumentError(`${where}: expected types to be an object, got ${describe(types)}`);
  const kinds = new Map(Object.entries(types).map(([name, kind]) => [name, checkKind(where, name, kind)]));
  checkTyped(where, kinds, table.names);
  const columns = table.names.map(
    (name) => [name, columnAs(where, name, table.column(name), kinds.get(name))] as const,
  );
  return new Table(new Map(columns));
}

function columnAs(where: string, name: string, column: Column, kind: ColumnKind | undefined): Column {
  if (kind === undefined || kind === column.kind) return column;
  const texts = Array.from(column, textOf);
  if (kind === "category") return columnOfCategories(texts);
  if (kind === "text") return new Column({ kind, values: texts });
  throw new ArgumentError(
    `${where}: types: column ${describe(name)} is a ${column.kind}, of which a ${kind} cannot be made; say it where the table is made`,
  );
}

function featuresOf(
  where: string,
  table: Table,
  given: SchemaOptions["features"],
  targets: readonly string[],
): { readonly names: string[]; readonly skipped: string[] } {
  const isUseless = (name: string) => {
    const column = table.column(name);
    return column.kind === "text" || column.missing === column.length;
  };
  if (given === undefined) {
    const others = table.names.filter((name) => !targets.includes(name));
    const useless = new Set(others.filter(isUseless));
    const names = others.filter((name) => !useless.has(name));
    if (names.length > 0) return { names, skipped: [...useless] };
    throw new DataError(`${where}: there is no column to learn from; text is left out`);
  }
  const names = checkNames(where, "features", given);
  if (names.length === 0) throw new ArgumentError(`${where}: expected at least one feature`);
  for (const name of names) {
    if (targets.includes(name))
      throw new ArgumentError(`${where}: ${describe(name)} is a feature and the target`);
    if (table.column(name).kind === "text") {
      throw new ArgumentError(
        `${where}: column ${describe(name)} is text, of which no input is made; types: { ${describe(name)}: "category" } takes it as a category`,
      );
    }
    if (isUseless(name)) throw new DataError(`${where}: column ${describe(name)} has no value`);
  }
  return { names, skipped: [] };
}

/** The options, checked. */
function readOptions(where: string, options: SchemaOptions) {
  const { target, task, scale = "standard", embed } = options;
  const targets =
    target === undefined ? [] : checkNames(where, "target", typeof target === "string" ? [target] : target);
  const scales = isPlainObject(scale)
    ? new Map(
        Object.entries(scale).map(([name, one]) => [
          name,
          checkChoice(where, `scale of ${name}`, one, SCALES),
        ]),
      )
    : checkChoice(where, "scale", scale, SCALES);
  const most = typeof embed === "number" ? embed : Number.POSITIVE_INFINITY;
  const embedded = embed === undefined || typeof embed === "number" ? [] : checkNames(where, "embed", embed);
  const parts = checkList(where, "dates to be a list", options.dates ?? ["time"]);
  return {
    targets,
    task: task === undefined ? undefined : checkChoice(where, "task", task, ["classification", "regression"]),
    scaleOf: (name: string): Scale =>
      typeof scales === "string" ? scales : (scales.get(name) ?? "standard"),
    fill: checkChoice(where, "missing", options.missing ?? "median", ["median", "mean"]),
    indicators: checkFlag(where, "indicators", options.indicators ?? true),
    unknown: checkChoice(where, "unknown", options.unknown ?? "error", ["error", "stand-in"]),
    embeds: (name: string, categories: number) => embedded.includes(name) || categories > most,
    checkEmbedded: (features: readonly Feature[]) => {
      const names = features.filter(({ kind }) => kind === "category").map(({ name }) => name);
      const other = embedded.find((name) => !names.includes(name));
      if (other !== undefined) {
        throw new ArgumentError(`${where}: embed: ${describe(other)} is no feature that is a category`);
      }
      const numbers = features.filter(({ kind }) => kind === "number").map(({ name }) => name);
      const wrong =
        typeof scales === "string" ? undefined : [...scales.keys()].find((name) => !numbers.includes(name));
      if (wrong !== undefined) {
        throw new ArgumentError(`${where}: scale: ${describe(wrong)} is no feature that is a number`);
      }
    },
    dates: parts.map((part) => checkChoice(where, "dates", part, DATE_PARTS)),
    scaleTarget: checkFlag(where, "scaleTarget", options.scaleTarget ?? true),
    dtype: checkChoice(where, "dtype", options.dtype ?? "float32", ["float32", "float64"]),
  };
}

/**
 * @param without what a schema without a target lacks, in words. Default: it needs no target.
 * @throws ArgumentError for another value, and with `without` for a schema without a target
 */
export function checkSchema(where: string, schema: unknown, without?: string): Schema<SchemaInputs> {
  if (!isInstance(schema, Schema)) {
    throw new ArgumentError(`${where}: expected schema to be a Schema, got ${describe(schema)}`);
  }
  if (without === undefined || schema.outputs > 0) return schema;
  throw new ArgumentError(`${where}: the schema was learnt without a target, so ${without}`);
}

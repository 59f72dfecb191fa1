import { types } from "node:util";
import { readNumber } from "../data/schema/feature.js";
import { type RowsLike, rowsOf } from "../data/schema/rows.js";
import type { Prediction, Schema, SchemaInputs } from "../data/schema/schema.js";
import type { ClassPrediction } from "../data/schema/target.js";
import { Table } from "../data/table/table.js";
import { ArgumentError, ThalwegError } from "../errors.js";
import type { FilePath } from "../files/path.js";
import { readWhole, readWholeSync } from "../files/read.js";
import { placeOf } from "../keeping/load.js";
import {
  checkBytes,
  checkKeptSchema,
  checkOutputs,
  decodePredictor,
  type SavedPredictor,
  type SchemaOutputs,
} from "../keeping/model-file.js";
import { Accumulator } from "../metrics/accumulator.js";
import { type ConfusionMatrix, confusionMatrix } from "../metrics/confusion-matrix.js";
import type { Values } from "../metrics/values.js";
import type { Module } from "../nn/module.js";
import { reword } from "../nn/place.js";
import { indexSelect } from "../ops/index-select.js";
import { slice } from "../ops/slice.js";
import { checkList, checkOptions, isInstance } from "../options.js";
import { fromTypedArray } from "../tensor/create.js";
import { checkTensor, isTensor, type Tensor } from "../tensor/tensor.js";
import { checkModel } from "./check.js";
import { DEFAULT_BATCH, type PredictOptions, predict } from "./evaluate.js";
import { printed } from "./evaluation.js";
import { checkMetrics, type MetricResults, type Metrics } from "./metrics.js";

/** The figures of a model of classes: of the most probable class, and of the probabilities. */
export interface ClassFigures {
  readonly accuracy: number;
  readonly balancedAccuracy: number;
  readonly logLoss: number;
  readonly confusionMatrix: ConfusionMatrix;
}

/** The figures of a model of numbers, in their own units; of several numbers the means over them. */
export interface NumberFigures {
  readonly meanAbsoluteError: number;
  readonly rootMeanSquaredError: number;
  readonly r2: number;
}

/** What `Predictor.evaluate` gives by default. */
export type FiguresOf<P extends Prediction> = P extends ClassPrediction ? ClassFigures : NumberFigures;

export interface PredictorEvaluateOptions<M extends Metrics = Metrics> extends PredictOptions {
  /**
   * As of `evaluate`. Numbers are compared in their own units. Default: for classes accuracy, balanced accuracy, log loss
   * and confusion matrix; for numbers mean absolute error, root mean squared error and R².
   */
  readonly metrics?: M;
  /** What each row counts, [P], numbers ≥ 0. Default: 1. */
  readonly sampleWeight?: Values;
}

type Row = Readonly<Record<string, unknown>>;

/**
 * A model with the schema of the rows that it learnt from. It takes rows as a service receives them, and answers with
 * named classes and their probabilities, or with numbers in their own units.
 *
 * `save(model, path, { schema })` keeps both in one file, and `Predictor.load(path)` reads them again, the same in every
 * bit.
 * @typeParam P number for a target that is a number, an object of numbers for several.
 * @example
 * const rows = [{ size: 1, kind: "a" }, { size: 2, kind: "b" }, { size: 3, kind: "b" }];
 * const schema = thalweg.data.Schema.learn(rows, { target: "kind" });
 * const net = new nn.Mlp({ in: schema.size, hidden: [4], out: schema.outputs });
 * const predictor = new Predictor(net, schema);
 * const answer = await predictor.predict({ size: 1.5 });
 * Object.keys(answer)                              // ["class", "probability", "probabilities"]
 * (await predictor.predict(rows)).length           // 3
 */
export class Predictor<P extends Prediction = ClassPrediction> {
  readonly model: Module<never>;
  readonly schema: Schema<SchemaInputs>;
  /** What the model gives for classes. */
  readonly outputs: SchemaOutputs;

  /**
   * @param options `outputs`: what the model gives for classes, "logits" (default) or "probabilities".
   * @throws ArgumentError, also for a schema without a target; OptionError
   */
  constructor(
    model: Module<never>,
    schema: Schema<SchemaInputs>,
    options: { readonly outputs?: SchemaOutputs } = {},
  ) {
    checkOptions("Predictor", options, ["outputs"]);
    this.model = checkModel("Predictor", model);
    this.schema = checkKeptSchema("Predictor", schema);
    this.outputs = checkOutputs("Predictor", options.outputs);
  }

  /**
   * Reads a model and its schema from a file that `save` wrote with a schema.
   * @param model is filled with the values of the file, for classes that are not registered. Default: the one that the
   *   file describes.
   * @throws as `load`; DataError for a file without a schema
   * @example
   * const schema = thalweg.data.Schema.learn([{ a: 1, b: 2, c: 3, cost: 0.5 }], { target: "cost" });
   * await save(new nn.Linear(schema.size, 1), "kept.safetensors", { schema });
   * const predictor = await Predictor.load<number>("kept.safetensors");
   */
  static async load<P extends Prediction = ClassPrediction>(
    path: FilePath,
    model?: Module<never>,
  ): Promise<Predictor<P>> {
    const where = "Predictor.load";
    return made<P>(decodePredictor(placeOf(where, path), await readWhole(where, path), model));
  }

  /** As `load`, on this thread: for scripts. @throws as `load` */
  static loadSync<P extends Prediction = ClassPrediction>(
    path: FilePath,
    model?: Module<never>,
  ): Predictor<P> {
    const where = "Predictor.loadSync";
    return made<P>(decodePredictor(placeOf(where, path), readWholeSync(where, path), model));
  }

  /** As `load`, from the bytes that `serialize` gave. @throws as `load`, without FileError */
  static deserialize<P extends Prediction = ClassPrediction>(
    bytes: Uint8Array,
    model?: Module<never>,
  ): Predictor<P> {
    const where = "Predictor.deserialize";
    return made<P>(decodePredictor(where, checkBytes(where, bytes), model));
  }

  /**
   * The predictions for rows: a table, a list of objects, or one object, for which the prediction itself is given. They
   * need no target.
   * @throws DataError with row and column, as of `Schema.encode`; as `predict` and `Schema.inverse`
   */
  async predict(rows: RowsLike, options?: PredictOptions): Promise<P[]>;
  async predict(row: Row, options?: PredictOptions): Promise<P>;
  async predict(given: RowsLike | Row, options: PredictOptions = {}): Promise<P | P[]> {
    const where = "predict";
    const isOne = isRow(given);
    const x = reworded(where, () => this.schema.encode(isOne ? [given] : (given as RowsLike)));
    const y = await this.#outputs(x, options);
    const found = reworded(where, () => this.schema.inverse<P>(y, { outputs: this.outputs }));
    return isOne ? (found[0] as P) : found;
  }

  /**
   * How good the predictions are for rows that have the target. Its text, and `console.log`, is a table.
   * @throws as `predict`; DataError for a missing target, and a class that was not in training; by metrics for data that
   *   they do not go with
   */
  async evaluate(
    rows: RowsLike,
    options?: PredictorEvaluateOptions & { readonly metrics?: undefined },
  ): Promise<FiguresOf<P>>;
  async evaluate<const M extends Metrics>(
    rows: RowsLike,
    options: PredictorEvaluateOptions<M> & { readonly metrics: M },
  ): Promise<MetricResults<M>>;
  async evaluate(rows: RowsLike, options: PredictorEvaluateOptions = {}): Promise<unknown> {
    const where = "evaluate";
    checkOptions(where, options, ["metrics", "sampleWeight", "batchSize"]);
    const { sampleWeight, batchSize } = options;
    const metrics = checkMetrics(where, options.metrics ?? this.#usualMetrics(), {
      target: null,
      cost: { outputs: this.outputs },
      onlyNumbers: false,
    });
    const own = isInstance(rows, Table)
      ? rows
      : (checkList(where, "a Table or a list of objects", rows) as Row[]);
    const { x, y: target } = reworded(where, () => this.schema.transform(own));
    const y = await this.#outputs(x, batchSize === undefined ? {} : { batchSize });
    const pair = this.schema.classes === null ? this.#inUnits(where, y, own) : { y, target };
    const figures = metrics.map(({ name, definition }): [string, unknown] => {
      if (typeof definition !== "function") {
        return [name, new Accumulator(name, definition).update(pair.y, pair.target, sampleWeight).compute()];
      }
      if (sampleWeight === undefined)
        return [name, checkTensor(where, name, definition(pair.y, pair.target)).item()];
      throw new ArgumentError(`${where}: metric ${name} is a function, which knows no weights`);
    });
    return printed(Object.fromEntries(figures));
  }

  /**
   * The model's outputs for encoded rows. A service gets lists of many lengths, and each length of a mini-batch has a
   * program of its own. So a list is filled up to a power of two with its last row, unless a batch size is given.
   */
  async #outputs(x: SchemaInputs, options: PredictOptions): Promise<Tensor> {
    const rows = (isTensor(x) ? x : x.numbers).shape[0] as number;
    const last = rows % DEFAULT_BATCH;
    const more = options.batchSize === undefined && last > 0 ? 2 ** Math.ceil(Math.log2(last)) - last : 0;
    if (more === 0) return predict(this.model, x, options);
    const places = fromTypedArray(Int32Array.from({ length: rows + more }, (_, i) => Math.min(i, rows - 1)));
    const filled = (part: Tensor): Tensor => indexSelect(part, 0, places);
    const y = await predict(
      this.model,
      isTensor(x) ? filled(x) : { numbers: filled(x.numbers), categories: filled(x.categories) },
      options,
    );
    return slice(y, 0, { end: rows });
  }

  #usualMetrics(): Metrics {
    const { classes } = this.schema;
    if (classes === null) return ["meanAbsoluteError", "rootMeanSquaredError", "r2"];
    return {
      accuracy: "accuracy",
      balancedAccuracy: "balancedAccuracy",
      logLoss: "logLoss",
      confusionMatrix: confusionMatrix.with({ classNames: classes.map(String) }),
    };
  }

  /** Outputs and targets of numbers [P, targets] in their own units. */
  #inUnits(where: string, output: Tensor, rows: RowsLike): { readonly y: Tensor; readonly target: Tensor } {
    const names = this.schema.targets;
    const read = rowsOf(where, rows);
    const found = this.schema.inverse<number | Readonly<Record<string, number>>>(output);
    const ofNumbers = (cell: (row: number, name: string) => number): Tensor =>
      fromTypedArray(
        Float64Array.from({ length: read.length * names.length }, (_, i) =>
          cell(Math.floor(i / names.length), names[i % names.length] as string),
        ),
        [read.length, names.length],
      );
    return {
      y: ofNumbers((row, name) => {
        const one = found[row] as number | Readonly<Record<string, number>>;
        return typeof one === "number" ? one : (one[name] as number);
      }),
      target: ofNumbers((row, name) => readNumber(where, row, name, read.at(name, row))),
    };
  }

  toString(): string {
    return `Predictor\n${this.model}\n${this.schema}`;
  }

  /** @internal */
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return this.toString();
  }
}

const made = <P extends Prediction>({ model, schema, outputs }: SavedPredictor): Predictor<P> =>
  new Predictor<P>(model, schema, { outputs });

/** Whether it is one row, and no table or list. */
const isRow = (given: unknown): given is Row =>
  typeof given === "object" &&
  given !== null &&
  !types.isProxy(given) &&
  !isInstance(given, Table) &&
  !(Symbol.iterator in given);

/** What the schema gives. Its errors begin with the name of the calling function. */
function reworded<T>(where: string, run: () => T): T {
  try {
    return run();
  } catch (error) {
    if (error instanceof ThalwegError) {
      reword(error, error.message.replace(/^(?:encode|transform|inverse): /, `${where}: `));
    }
    throw error;
  }
}

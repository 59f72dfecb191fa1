import { types } from "node:util";
import { Bytes } from "../data/bytes.js";
import { type AnyDataset, checkFinite, type Samples, toDataset } from "../data/dataset.js";
import { asTheyLie } from "../data/epochs.js";
import {
  type Apart,
  formOf,
  type Part,
  type Parts,
  partName,
  partsIn,
  putTogether,
  type TensorsOf,
  takePartsApart,
} from "../data/parts.js";
import { copied } from "../data/samples.js";
import { StreamDataset } from "../data/stream/stream.js";
import { ArgumentError, DataError, ShapeError } from "../errors.js";
import type { Values } from "../metrics/values.js";
import type { AnyModule, Module } from "../nn/module.js";
import { checkOptions, checkRequired, describe, isInstance } from "../options.js";
import { copyOf } from "../tensor/copy.js";
import { format } from "../tensor/shape.js";
import type { Tensor } from "../tensor/tensor.js";
import { batchSizeOf, checkData, checkModel } from "./check.js";
import { collect } from "./collect.js";
import { evaluationProgram, outputProgram, setProgram } from "./compiled-model.js";
import { type Evaluation, printed } from "./evaluation.js";
import type { Evaluator } from "./evaluator.js";
import { Forks } from "./forks.js";
import { Figures, type Metrics, type MetricsByTarget } from "./metrics.js";
import {
  type CostOf,
  type Objective,
  type ObjectiveOptions,
  readObjective,
  type WeightsOf,
} from "./objective.js";
import { type RowOptions, withoutRows } from "./row-options.js";
import { figuresOfSet } from "./set-figures.js";
import { RunningSet, runSteps } from "./steps.js";
import { makeStreamEvaluator, predictStream } from "./stream-evaluator.js";
import { type AnyStream, checkStreamOptions, openEvaluated } from "./stream-feed.js";
import { readWeights } from "./weights.js";

export interface EvaluateOptions<
  M extends Metrics | MetricsByTarget = Metrics,
  O = Tensor,
  X extends Parts = Part,
  Y extends Parts = Tensor,
> {
  /** A set in memory, or a stream, which is opened as epoch 0: all its rows, in the order of its source. */
  readonly data: Samples<X, Y> | StreamDataset<unknown, Y>;
  /**
   * A cost; for several targets also a list or an object of costs, in the form of y, and then the loss is their sum. A
   * function that is given for several targets takes outputs and targets in their forms.
   */
  readonly cost: CostOf<O, TensorsOf<Y>>;
  /** What the cost of each of several targets counts in their sum, in the form of y: numbers ≥ 0. Default: 1 each. */
  readonly costWeights?: WeightsOf<Y>;
  /**
   * Figures besides the loss, computed in the same pass: metrics by the names under which they are reported, or a list
   * of names of `metrics`. What a metric takes the outputs for (probabilities, unnormalised scores) follows from the
   * cost, unless the metric's own options say it. For several targets: a list or an object of those, in the form of y;
   * the figures are called `"kind.accuracy"`. Default: none.
   */
  readonly metrics?: M;
  /**
   * What each sample counts, [P], numbers ≥ 0, unless the set has weights w. The loss is Σ w·C / Σ w; the metrics are
   * weighted too. For costs of `cost.…` and `defineCost` as they are. Default: 1.
   */
  readonly sampleWeight?: Values;
  /**
   * Samples in a mini-batch. Default: 1024, or the set's length if it is less. Except for rounding, it changes neither
   * the loss nor a metric of `metrics` or `metrics.defineMetric`, nor a function that is a mean over samples.
   */
  readonly batchSize?: number;
}

/** The options of `evaluate` for rows. */
export interface EvaluateRowsOptions<M extends Metrics = Metrics>
  extends Omit<EvaluateOptions<M>, "data" | "cost" | "costWeights">,
    RowOptions {}

const OPTIONS = ["data", "cost", "costWeights", "schema", "metrics", "sampleWeight", "batchSize"] as const;

/** Samples in a mini-batch, unless a size is given. */
export const DEFAULT_BATCH = 1024;

/**
 * The loss over a set, L(S, w) = 1/P Σ_p C(G(x[p], w), ȳ[p]), and the metrics over the set. A cost of `cost.…` or
 * `defineCost` is averaged over mini-batches. Any other cost, such as one with class weights or ignored labels, is
 * computed once from all outputs and targets of the set. Such a cost need not be a mean over samples, and its value
 * does not depend on the batch size. Metrics are those of the whole set in both cases.
 * @example
 * const found = await evaluate(model, { data, cost: cost.crossEntropy, metrics: ["accuracy", "rocAuc"] });
 * console.log(found.loss, found.accuracy);
 * console.log(found);   // a table
 * @example
 * const rows = [{ size: 1, kind: "cat" }, { size: 2, kind: "dog" }, { size: 3, kind: "dog" }];
 * const schema = thalweg.data.Schema.learn(rows, { target: "kind" });
 * const found = await evaluate(new nn.Linear(1, 2), { data: rows, schema, metrics: ["accuracy"] });
 * @throws as `fit`; DataError for weights that are negative, and by metrics for data that they do not go with
 */
export async function evaluate<const M extends Metrics = Metrics>(
  model: Module<never>,
  options: EvaluateRowsOptions<M>,
): Promise<Evaluation<M>>;
export async function evaluate<
  const M extends Metrics | MetricsByTarget = Metrics,
  O = Tensor,
  X extends Parts = Part,
  Y extends Parts = Tensor,
>(model: Module<never, O>, options: EvaluateOptions<M, O, X, Y>): Promise<Evaluation<M>>;
export async function evaluate(
  model: AnyModule,
  given: EvaluateRowsOptions | EvaluateOptions,
): Promise<Evaluation> {
  checkRequired("evaluate", given, OPTIONS);
  checkModel("evaluate", model);
  const options = withoutRows("evaluate", given);
  if (isInstance(options.data, StreamDataset)) {
    return printed((await evaluateStream(model, options.data, options)).all()) as Evaluation;
  }
  const dataset = toDataset("evaluate", "data", options.data);
  const objective = readObjective("evaluate", options, formOf(dataset.y));
  const batchSize = evaluationBatch("evaluate", options.batchSize, dataset);
  const weights = readWeights("evaluate", options.sampleWeight, objective, dataset);
  const figures = await evaluateOnce({
    where: "evaluate",
    name: "data",
    model,
    objective,
    dataset,
    weights,
    batchSize,
  });
  return printed(figures.all()) as Evaluation;
}

/** As `evaluate`, of a stream. */
async function evaluateStream(
  model: AnyModule,
  stream: AnyStream,
  options: ObjectiveOptions & Pick<EvaluateOptions, "sampleWeight" | "batchSize">,
): Promise<Figures> {
  const { sampleWeight, batchSize } = options;
  checkStreamOptions("evaluate", { sampleWeight, batchSize }, stream);
  const opened = await openEvaluated(stream);
  try {
    const first = toDataset("evaluate", "data", opened.first.batch);
    const objective = readObjective("evaluate", options, formOf(first.y));
    const task = { where: "evaluate", name: "data", model, objective, first, opened };
    const evaluator = makeStreamEvaluator(task);
    return await evaluator.evaluate().finally(() => evaluator.close());
  } finally {
    await opened.close();
  }
}

export function evaluationBatch(
  where: string,
  batchSize: number | undefined,
  { length }: AnyDataset,
): number {
  return batchSizeOf(where, batchSize, length, DEFAULT_BATCH);
}

/** An evaluation with checked options. */
export interface Task {
  /** The name of the calling function, for error messages. */
  readonly where: string;
  /** The name of the data set, for error messages. */
  readonly name: string;
  readonly model: AnyModule;
  readonly objective: Objective;
  readonly dataset: AnyDataset;
  /** Of the samples; null: all alike. */
  readonly weights: Tensor | null;
  readonly batchSize: number;
}

/** As `evaluate`. */
export async function evaluateOnce(task: Task): Promise<Figures> {
  const evaluator = makeEvaluator(task);
  try {
    return await evaluator.evaluate();
  } finally {
    await evaluator.close();
  }
}

/** @throws as `checkData` */
export function makeEvaluator(task: Task): Evaluator {
  return task.objective.isMean ? overBatches(task) : overSet(task);
}

function overBatches(task: Task): Evaluator {
  const { where, name, model, objective, dataset, weights, batchSize } = task;
  const program = evaluationProgram(model, objective, formOf(dataset.x));
  checkData(where, name, program, objective, dataset, batchSize, weights);
  const set = new RunningSet(name, dataset, weights);
  const order = asTheyLie(dataset.length);
  const forks = new Forks();
  const { executable } = program.specialization(where, batchSize, Object.values(set.parts));
  forks.begin(executable);
  return {
    executables: [executable],
    forks,
    evaluate: async () => {
      const figures = new Figures(objective.figures);
      await runSteps({ where, program, set, order, batchSize, forks, report: (log) => figures.add(log) });
      return figures;
    },
    close: async () => set.close(),
  };
}

/** Computes the model's outputs for all samples, then the cost and the metrics of all of them at once. */
function overSet({ where, name, model, objective, dataset, batchSize }: Task): Evaluator {
  const { length } = dataset;
  const outputs = outputProgram(model, formOf(dataset.x));
  checkData(where, name, outputs, objective, dataset, batchSize);
  const [x, targets] = [dataset.x, dataset.y].map(partsIn) as [readonly Part[], readonly Part[]];
  const forward = outputs.specialization(where, batchSize, x);
  const y = forward.results.map(({ dtype, shape }) => ({ dtype, shape: [length, ...shape.slice(1)] }));
  const whole = { where, program: setProgram(model, objective, outputs.outputs(forward).form), objective };
  const last = whole.program.specialization(where, length, [...y, ...targets]);
  const forks = new Forks();
  const executables = [forward, last].map(({ executable }) => executable);
  for (const executable of executables) forks.begin(executable);
  const own = x.map(copied);
  const wanted = targets.map((target) => (target instanceof Bytes ? target.toTensor() : copyOf(target)));
  return {
    executables,
    forks,
    evaluate: async () => {
      const scores = await collect(where, outputs, own, batchSize, { isCopied: true, forks });
      return figuresOfSet(whole, scores, wanted, forks);
    },
    close: async () => {},
  };
}

export interface PredictOptions {
  /** Samples in a mini-batch. Default: 1024, or the set's length if it is less. */
  readonly batchSize?: number;
}

/**
 * The model's outputs for all samples, in evaluation mode and without gradients. A list x is the arguments of the
 * model's `forward`, a tensor or an object its only one. What `forward` gives, a tensor, a list or an object of tensors,
 * this gives for all samples. A stream is opened as epoch 0, gives all its rows in the order of its source, and needs no
 * targets.
 * Shapes: x [P, ...] → [P, ...].
 * @example const scores = await predict(model, images);
 * @throws DataError for an empty set or values that are not finite; ShapeError if the parts of x differ in length;
 *   ArgumentError, OptionError
 */
export async function predict<O = Tensor>(
  model: Module<never, O>,
  x: Parts | StreamDataset<unknown, unknown>,
  options: PredictOptions = {},
): Promise<O> {
  const where = "predict";
  checkOptions(where, options, ["batchSize"]);
  checkModel(where, model);
  if (isInstance(x, StreamDataset)) {
    checkStreamOptions(where, { ...options }, x);
    return (await predictStream(where, model, x)) as O;
  }
  checkBatch(where, x);
  const given = takePartsApart(where, "x", x);
  const length = samplesIn(where, "x", given);
  const batchSize = batchSizeOf(where, options.batchSize, length, DEFAULT_BATCH);
  checkFinite(where, "x", given);
  const program = outputProgram(model, given.form);
  const results = await collect(where, program, given.parts, batchSize);
  const { form } = program.outputs(program.specialization(where, batchSize, given.parts));
  return putTogether(form, results) as O;
}

/** @throws ArgumentError for the numbers of one sample, which are no batch */
function checkBatch(where: string, x: unknown): void {
  const isList = !types.isProxy(x) && (Array.isArray(x) ? typeof x[0] === "number" : types.isTypedArray(x));
  if (!isList) return;
  const { length } = x as ArrayLike<number>;
  throw new ArgumentError(
    `${where}: expected a batch of samples, [B, …], as a tensor, got the numbers of one sample, ${describe(x)}; tensor(x, { shape: [1, ${length}] }) makes a batch of it`,
  );
}

/** The number of samples, which all parts have. @throws ShapeError, DataError */
function samplesIn(where: string, name: string, { form, parts }: Apart): number {
  const [first] = parts as [Part];
  const length = first.shape[0] ?? 0;
  const other = parts.findIndex(({ shape }) => shape[0] !== first.shape[0]);
  if (other >= 0) {
    const [a, b] = [0, other].map((at) => `${partName(name, form, at)} ${format((parts[at] as Part).shape)}`);
    throw new ShapeError(`${where}: expected parts of one length, got ${a} and ${b}`);
  }
  if (first.shape.length === 0) {
    throw new ShapeError(`${where}: expected a batch of samples, [B, …], got one number, ${name} []`);
  }
  if (length === 0) throw new DataError(`${where}: expected at least one sample, got an empty set`);
  return length;
}

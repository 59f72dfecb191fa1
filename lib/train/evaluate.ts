import type { Executable } from "../compiler/executable.js";
import type { Cost } from "../cost/define.js";
import * as costs from "../cost/index.js";
import { Bytes } from "../data/bytes.js";
import { checkFinite, type Dataset, type Samples, toDataset } from "../data/dataset.js";
import { copied } from "../data/samples.js";
import { ArgumentError, DataError } from "../errors.js";
import { checkWeights, toWeights, type Values } from "../metrics/values.js";
import type { Module } from "../nn/module.js";
import { to } from "../ops/to.js";
import { checkOptions } from "../options.js";
import { zerosLike } from "../tensor/copy.js";
import { checkTensor, type Tensor } from "../tensor/tensor.js";
import { batchSizeOf, checkCost, checkData, checkModel } from "./check.js";
import { collect, runOnce } from "./collect.js";
import { evaluationProgram, outputProgram, setProgram } from "./compiled-model.js";
import { type Evaluation, printed } from "./evaluation.js";
import { Forks } from "./forks.js";
import { checkMetrics, Figures, type Metrics, type NamedMetric } from "./metrics.js";
import { RunningSet, runSteps } from "./steps.js";
import { inTurn } from "./turn.js";

export interface EvaluateOptions<M extends Metrics = Metrics> {
  readonly data: Samples;
  readonly cost: Cost;
  /**
   * Figures besides the loss, computed in the same pass: metrics by the names under which they are reported, or a list
   * of names of `metrics`. What a metric takes the outputs for (probabilities, unnormalised scores) follows from the
   * cost, unless the metric's own options say it. Default: none.
   */
  readonly metrics?: M;
  /**
   * What each sample counts, [P], numbers ≥ 0. The loss is Σ w·C / Σ w; the metrics are weighted too. For costs of
   * `cost.…` and `defineCost` as they are. Default: 1.
   */
  readonly sampleWeight?: Values;
  /**
   * Samples in a mini-batch. Default: 1024, or the set's length if it is less. Except for rounding, it changes neither
   * the loss nor a metric of `metrics` or `metrics.defineMetric`, nor a function that is a mean over samples.
   */
  readonly batchSize?: number;
}

const DEFAULT_BATCH = 1024;

/**
 * The loss over a set, L(S, w) = 1/P Σ_p C(G(x[p], w), ȳ[p]), and the metrics over the set. A cost of `cost.…` or
 * `defineCost` is averaged over mini-batches. Any other cost, such as one with class weights or ignored labels, is
 * computed once from all outputs and targets of the set. Such a cost need not be a mean over samples, and its value
 * does not depend on the batch size. Metrics are those of the whole set in both cases.
 * @example
 * const found = await evaluate(model, { data, cost: cost.crossEntropy, metrics: ["accuracy", "rocAuc"] });
 * console.log(found.loss, found.accuracy);
 * console.log(found);   // a table
 * @throws as `fit`; DataError for weights that are negative, and by metrics for data that they do not go with
 */
export async function evaluate<const M extends Metrics>(
  model: Module,
  options: EvaluateOptions<M>,
): Promise<Evaluation<M>> {
  checkOptions("evaluate", options, ["data", "cost", "metrics", "sampleWeight", "batchSize"]);
  checkModel("evaluate", model);
  const cost = checkCost("evaluate", options?.cost);
  const metrics = checkMetrics("evaluate", options.metrics, cost);
  const dataset = toDataset("evaluate", "data", options.data);
  const batchSize = evaluationBatch("evaluate", options.batchSize, dataset);
  const weights = readWeights("evaluate", options.sampleWeight, cost, dataset);
  const figures = await evaluateOnce({
    where: "evaluate",
    name: "data",
    model,
    cost,
    metrics,
    dataset,
    weights,
    batchSize,
  });
  return printed(figures.all()) as Evaluation<M>;
}

export function readWeights(
  where: string,
  sampleWeight: Values | undefined,
  cost: Cost,
  { length }: Dataset,
): Tensor | null {
  if (sampleWeight === undefined) return null;
  const weights = to(toWeights(where, sampleWeight, length), "float64");
  checkWeights(where, "sampleWeight", weights.storage.forReading());
  if (isMean(cost)) return weights;
  throw new ArgumentError(
    `${where}: expected a cost of cost.… or defineCost for sampleWeight, since the weights of a cost of another kind are not known`,
  );
}

export function evaluationBatch(where: string, batchSize: number | undefined, { length }: Dataset): number {
  return batchSizeOf(where, batchSize, length, DEFAULT_BATCH);
}

/** An evaluation with checked options. */
export interface Task {
  /** The name of the calling function, for error messages. */
  readonly where: string;
  /** The name of the data set, for error messages. */
  readonly name: string;
  readonly model: Module;
  readonly cost: Cost;
  readonly metrics: readonly NamedMetric[];
  readonly dataset: Dataset;
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
    evaluator.close();
  }
}

/** Evaluates a model on one set, with the set's values at the time when this is made. */
export interface Evaluator {
  /** The programs that it runs. */
  readonly executables: readonly Executable[];
  /** What they draw from. */
  readonly forks: Forks;
  evaluate(): Promise<Figures>;
  close(): void;
}

const LIBRARY: ReadonlySet<unknown> = new Set(Object.values(costs));

/** Whether a cost is a mean over samples. Its mean over mini-batches is then its mean over the set. */
const isMean = (cost: Cost): boolean => cost.isMean === true || LIBRARY.has(cost);

/** @throws as `checkData` */
export function makeEvaluator(task: Task): Evaluator {
  return isMean(task.cost) ? overBatches(task) : overSet(task);
}

function overBatches(task: Task): Evaluator {
  const { where, name, model, cost, metrics, dataset, weights, batchSize } = task;
  const program = evaluationProgram(model, cost, metrics);
  checkData(where, name, program, cost, dataset, batchSize, weights);
  const set = new RunningSet(name, dataset, weights);
  const order = Int32Array.from({ length: dataset.length }, (_, p) => p);
  const forks = new Forks();
  const { executable } = program.specialization(where, batchSize, Object.values(set.parts));
  forks.begin(executable);
  return {
    executables: [executable],
    forks,
    evaluate: async () => {
      const figures = new Figures(metrics);
      await runSteps({ where, program, set, order, batchSize, forks, report: (log) => figures.add(log) });
      return figures;
    },
    close: () => set.close(),
  };
}

/** Computes the model's outputs for all samples, then the cost and the metrics of all of them at once. */
function overSet({ where, name, model, cost, metrics, dataset, batchSize }: Task): Evaluator {
  const { length } = dataset;
  const outputs = outputProgram(model);
  checkData(where, name, outputs, cost, dataset, batchSize);
  const forward = outputs.specialization(where, batchSize, [dataset.x]);
  const one = forward.results[0] as Tensor;
  const y = { dtype: one.dtype, shape: [length, ...one.shape.slice(1)] };
  const program = setProgram(model, cost, metrics);
  const specialization = () => program.specialization(where, length, [y, dataset.y]);
  const forks = new Forks();
  const executables = [forward, specialization()].map(({ executable }) => executable);
  for (const executable of executables) forks.begin(executable);
  const x = copied(dataset.x);
  const target = copied(dataset.y) as Tensor;
  return {
    executables,
    forks,
    evaluate: async () => {
      const scores = await collect(where, outputs, [x], batchSize, { isCopied: true, forks });
      const figures = new Figures(metrics);
      await inTurn(specialization, async (now) => {
        const results = now.results.map(zerosLike);
        const inputs = [scores, target].map(({ storage }) => storage.forReading());
        const arrays = results.map(({ storage }) => storage.forReading());
        await runOnce(where, program, now, inputs, arrays, forks);
        const log = joined(arrays);
        figures.add({ layout: program.layout(now), results, log, steps: 1, samplesAStep: length });
      });
      return figures;
    },
    close: () => {},
  };
}

/** The arrays as the log of a step, where an empty one takes one number. */
function joined(arrays: readonly ArrayLike<number>[]): Float64Array {
  const log = new Float64Array(arrays.reduce((sum, { length }) => sum + Math.max(1, length), 0));
  let begin = 0;
  for (const array of arrays) {
    log.set(array, begin);
    begin += Math.max(1, array.length);
  }
  return log;
}

export interface PredictOptions {
  /** Samples in a mini-batch. Default: 1024, or the set's length if it is less. */
  readonly batchSize?: number;
}

/**
 * The model's outputs for all samples, in evaluation mode and without gradients.
 * Shapes: x [P, ...] → [P, ...].
 * @example const scores = await predict(model, images);
 * @throws DataError for an empty set or values that are not finite; ArgumentError, OptionError
 */
export async function predict(
  model: Module,
  x: Tensor | Bytes,
  options: PredictOptions = {},
): Promise<Tensor> {
  checkOptions("predict", options, ["batchSize"]);
  checkModel("predict", model);
  if (!(x instanceof Bytes)) checkTensor("predict", "x", x);
  const length = x.shape[0] ?? 0;
  if (length === 0) throw new DataError("predict: expected at least one sample, got an empty set");
  const batchSize = batchSizeOf("predict", options.batchSize, length, DEFAULT_BATCH);
  checkFinite("predict", "x", x);
  return collect("predict", outputProgram(model), [x], batchSize);
}

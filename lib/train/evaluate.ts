import type { Cost } from "../cost/define.js";
import { Bytes } from "../data/bytes.js";
import { checkFinite, type Dataset, type Samples, toDataset } from "../data/dataset.js";
import { readBatchSize } from "../data/loader.js";
import { DataError } from "../errors.js";
import { checkTensor, type Tensor } from "../graph/tensor.js";
import type { Module } from "../nn/module.js";
import { checkOptions } from "../options.js";
import { checkCost, checkData, checkModel } from "./check.js";
import { collect } from "./collect.js";
import { checkMetrics, Means, type Metrics } from "./metrics.js";
import { evaluationProgram, type ModelProgram, outputProgram } from "./program.js";
import { RunningSet, runSteps } from "./steps.js";

export interface EvaluateOptions {
  readonly data: Samples;
  readonly cost: Cost;
  /** Figures besides the loss. Default: none. */
  readonly metrics?: Metrics;
  /** Samples at a time. Default: 1024, or the set's length. Does not change the result but for rounding. */
  readonly batchSize?: number;
}

/** The average loss under `"loss"`, and each metric under its name. */
export type Evaluation = Readonly<Record<string, number>>;

const DEFAULT_BATCH = 1024;

/**
 * The loss averaged over a set, L(S, w) = 1/P Σ_p C(G(x[p], w), ȳ[p]), and metrics likewise.
 * @example
 * const found = await evaluate(model, { data, cost: cost.crossEntropy, metrics: { accuracy } });
 * console.log(found.loss, found.accuracy);
 * @throws as `fit`
 */
export async function evaluate(model: Module, options: EvaluateOptions): Promise<Evaluation> {
  checkOptions("evaluate", options, ["data", "cost", "metrics", "batchSize"]);
  checkModel("evaluate", model);
  const cost = checkCost("evaluate", options?.cost);
  const metrics = checkMetrics("evaluate", options.metrics);
  const dataset = toDataset("evaluate", "data", options.data);
  const batchSize = evaluationBatch("evaluate", options.batchSize, dataset);
  const program = evaluationProgram(model, cost, metrics);
  checkData("evaluate", "data", program, cost, dataset, batchSize);
  const set = new RunningSet(dataset);
  try {
    return await average("evaluate", model, program, set, metrics, batchSize);
  } finally {
    set.close();
  }
}

export function evaluationBatch(where: string, batchSize: number | undefined, { length }: Dataset): number {
  return readBatchSize(where, batchSize ?? Math.min(DEFAULT_BATCH, length), length);
}

/** As `evaluate`, of what was checked before. */
export async function average(
  where: string,
  model: Module,
  program: ModelProgram,
  set: RunningSet,
  metrics: Metrics,
  batchSize: number,
): Promise<Evaluation> {
  const means = new Means(["loss", ...Object.keys(metrics)]);
  const order = Int32Array.from({ length: set.dataset.length }, (_, p) => p);
  const report = (log: Float64Array, samples: number): void => means.add(log, samples);
  await runSteps({ where, model, program, set, order, batchSize, report });
  return means.all();
}

export interface PredictOptions {
  /** Samples at a time. Default: 1024, or the set's length. */
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
  const batchSize = readBatchSize("predict", options.batchSize ?? Math.min(DEFAULT_BATCH, length), length);
  checkFinite("predict", "x", x);
  return collect("predict", model, outputProgram(model), [x], batchSize);
}

import type { Cost } from "../cost/define.js";
import { checkFinite, type Dataset, type Samples, toDataset } from "../data/dataset.js";
import { DataLoader, readBatchSize, slice } from "../data/loader.js";
import { DataError } from "../errors.js";
import { allocate } from "../graph/dtype.js";
import { checkTensor, Tensor } from "../graph/tensor.js";
import type { Module } from "../nn/module.js";
import { checkOptions } from "../options.js";
import { checkCost, checkData, checkModel, evaluated, outputs } from "./check.js";
import { checkMetrics, Means, type Metrics } from "./metrics.js";
import { Turns } from "./turns.js";

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
 * @example const { loss, accuracy } = await evaluate(model, { data, cost: cost.crossEntropy, metrics: { accuracy } });
 * @throws as `fit`
 */
export async function evaluate(model: Module, options: EvaluateOptions): Promise<Evaluation> {
  checkOptions("evaluate", options, ["data", "cost", "metrics", "batchSize"]);
  checkModel("evaluate", model);
  const cost = checkCost("evaluate", options?.cost);
  const metrics = checkMetrics("evaluate", options.metrics);
  const dataset = toDataset("evaluate", "data", options.data);
  const batchSize = evaluationBatch("evaluate", options.batchSize, dataset);
  checkData("evaluate", "data", model, cost, dataset);
  return average(model, dataset, cost, metrics, batchSize);
}

export function evaluationBatch(where: string, batchSize: number | undefined, { length }: Dataset): number {
  return readBatchSize(where, batchSize ?? Math.min(DEFAULT_BATCH, length), length);
}

/** As `evaluate`, of what was checked before. */
export async function average(
  model: Module,
  dataset: Dataset,
  cost: Cost,
  metrics: Metrics,
  batchSize: number,
  turns = new Turns(),
): Promise<Evaluation> {
  const means = new Means();
  for (const batch of new DataLoader(dataset, { batchSize })) {
    const y = evaluated(model, () => model.forward(batch.x));
    const figures: Record<string, number | Tensor> = { loss: cost(y, batch.y) };
    for (const [name, metric] of Object.entries(metrics)) figures[name] = metric(y, batch.y);
    means.add(figures, batch.x.shape[0] as number);
    await turns.giveWay();
  }
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
export async function predict(model: Module, x: Tensor, options: PredictOptions = {}): Promise<Tensor> {
  checkOptions("predict", options, ["batchSize"]);
  checkModel("predict", model);
  checkTensor("predict", "x", x);
  const length = x.rank === 0 ? 0 : (x.shape[0] as number);
  if (length === 0) throw new DataError("predict: expected at least one sample, got an empty set");
  const batchSize = readBatchSize("predict", options.batchSize ?? Math.min(DEFAULT_BATCH, length), length);
  checkFinite("predict", "x", x);
  const turns = new Turns();
  let result: Tensor | undefined;
  for (let begin = 0; begin < length; begin += batchSize) {
    const end = Math.min(begin + batchSize, length);
    const y = outputs("predict", model, slice(x, begin, end));
    const sample = y.size / (end - begin);
    result ??= new Tensor(allocate(y.dtype, length * sample), [length, ...y.shape.slice(1)], y.dtype);
    result.data.set(y.data, begin * sample);
    await turns.giveWay();
  }
  return result as Tensor;
}

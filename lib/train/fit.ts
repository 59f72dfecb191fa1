import { performance } from "node:perf_hooks";
import type { Cost } from "../cost/define.js";
import { type Dataset, type Samples, toDataset } from "../data/dataset.js";
import { DataLoader, readBatchSize } from "../data/loader.js";
import { ArgumentError, BusyError } from "../errors.js";
import type { Tensor } from "../graph/tensor.js";
import type { Module } from "../nn/module.js";
import { Optimizer } from "../optim/optimizer.js";
import { checkFlag, checkNumber, checkOptions, describe } from "../options.js";
import { checkCost, checkData, checkModel } from "./check.js";
import { average, type Evaluation, evaluationBatch } from "./evaluate.js";
import { checkMetrics, Means, type Metrics } from "./metrics.js";
import { openProgress } from "./progress.js";
import { Turns } from "./turns.js";

/** What `onBatch` is told after each step. */
export interface BatchReport {
  readonly epoch: number;
  readonly batch: number;
  readonly batches: number;
  /** The loss of this batch, before the step. */
  readonly loss: number;
}

/** What one epoch came to. */
export interface EpochReport {
  readonly epoch: number;
  /** The loss averaged over the samples, each measured before the step that used it. */
  readonly loss: number;
  /** The metrics over the training samples, likewise. */
  readonly metrics: Readonly<Record<string, number>>;
  /** Loss and metrics over the validation set after the epoch; null without one. */
  readonly validation: Evaluation | null;
  /** Wall-clock time of the training steps, without validation. */
  readonly seconds: number;
  readonly samplesPerSecond: number;
}

export interface FitOptions {
  /** Samples and targets to learn from. */
  readonly data: Samples;
  readonly cost: Cost;
  readonly optimizer: Optimizer<object>;
  /** How often to go through the data. Default: 1. */
  readonly epochs?: number;
  /** Samples a step: 1 is stochastic descent, the set's length full batch. Default: 32, or the set's length. */
  readonly batchSize?: number;
  /** A new random order each epoch. Default: true. */
  readonly shuffle?: boolean;
  /** Seed of the orders. Default: 0. */
  readonly seed?: number;
  /** A set to evaluate after each epoch. */
  readonly validation?: Samples;
  /** Figures besides the loss. Default: none. */
  readonly metrics?: Metrics;
  /** Ends the training between two steps; the promise is rejected with the signal's reason. */
  readonly signal?: AbortSignal;
  /** Called after each step. */
  readonly onBatch?: (report: BatchReport) => void;
  /** Called after each epoch, and waited for. */
  readonly onEpoch?: (report: EpochReport) => void | Promise<void>;
  /**
   * Shows progress on standard error: a bar for each epoch on a terminal (where the package cli-progress
   * is installed), a line an epoch elsewhere. Default: false.
   */
  readonly progress?: boolean;
}

const OPTIONS = [
  "data",
  "cost",
  "optimizer",
  "epochs",
  "batchSize",
  "shuffle",
  "seed",
  "validation",
  "metrics",
  "signal",
  "onBatch",
  "onEpoch",
  "progress",
] as const;

const inTraining = new WeakSet<Module>();

/**
 * Trains a model: for each mini-batch S of the data, w moves by what the optimizer makes of
 * ∂L(S, w)/∂w, where L(S, w) is the cost averaged over S. A last batch that is smaller counts with its
 * own number of samples in the averages reported.
 *
 * The data, the targets and every option are checked before the first step. The event loop runs between
 * the steps.
 *
 * @returns what each epoch came to, in order.
 * @throws ArgumentError, OptionError, ShapeError, DTypeError, IndexError, DataError where something does
 *   not fit, with the model unchanged; BusyError where the model is being trained already.
 * @example
 * const history = await fit(model, { data: { x, y }, cost: cost.crossEntropy, optimizer, epochs: 5, batchSize: 128 });
 */
export async function fit(model: Module, options: FitOptions): Promise<EpochReport[]> {
  const plan = readOptions(model, options);
  inTraining.add(model);
  const progress = await openProgress(options.progress ?? false, plan.epochs, plan.dataset.length);
  try {
    const history: EpochReport[] = [];
    // One for all epochs: each of them may be too short to give way once.
    const turns = new Turns();
    for (let epoch = 1; epoch <= plan.epochs; epoch++) {
      model.train();
      const started = performance.now();
      const means = await runEpoch(model, options, plan, epoch, turns, progress.batch);
      const seconds = (performance.now() - started) / 1000;
      const validation =
        plan.validation === null
          ? null
          : await average(model, plan.validation, options.cost, plan.metrics, plan.validationBatch, turns);
      const { loss, ...metrics } = means.all();
      const samplesPerSecond =
        plan.loader.length * plan.batchSize >= plan.dataset.length ? plan.dataset.length / seconds : 0;
      const report = { epoch, loss: loss as number, metrics, validation, seconds, samplesPerSecond };
      history.push(report);
      progress.epoch(report);
      await options.onEpoch?.(report);
    }
    return history;
  } finally {
    progress.close();
    inTraining.delete(model);
  }
}

interface Plan {
  readonly dataset: Dataset;
  readonly loader: DataLoader;
  readonly batchSize: number;
  readonly epochs: number;
  readonly validation: Dataset | null;
  readonly validationBatch: number;
  readonly metrics: Metrics;
}

function readOptions(model: Module, options: FitOptions): Plan {
  checkOptions("fit", options, OPTIONS);
  checkModel("fit", model);
  if (inTraining.has(model)) {
    throw new BusyError("fit: this model is being trained by another fit; wait for that one");
  }
  const cost = checkCost("fit", options?.cost);
  if (!(options.optimizer instanceof Optimizer)) {
    throw new ArgumentError(`fit: expected optimizer to be an Optimizer, got ${describe(options.optimizer)}`);
  }
  const dataset = toDataset("fit", "data", options.data);
  const epochs = checkNumber("fit", "epochs", options.epochs ?? 1, { min: 1, integer: true });
  const batchSize = readBatchSize("fit", options.batchSize, dataset.length);
  const shuffle = checkFlag("fit", "shuffle", options.shuffle ?? true);
  const seed = checkNumber("fit", "seed", options.seed ?? 0, { min: 0, integer: true });
  const metrics = checkMetrics("fit", options.metrics);
  checkFlag("fit", "progress", options.progress ?? false);
  for (const name of ["onBatch", "onEpoch"] as const) {
    if (options[name] !== undefined && typeof options[name] !== "function") {
      throw new ArgumentError(`fit: expected ${name} to be a function, got ${describe(options[name])}`);
    }
  }
  if (options.signal !== undefined && !(options.signal instanceof AbortSignal)) {
    throw new ArgumentError(`fit: expected signal to be an AbortSignal, got ${describe(options.signal)}`);
  }
  const validation =
    options.validation === undefined ? null : toDataset("fit", "validation", options.validation);
  const learns = new Set<Tensor>(options.optimizer.parameters);
  if (!model.parameters().some((parameter) => learns.has(parameter))) {
    throw new ArgumentError(
      "fit: the optimizer has none of the model's parameters, so nothing would be learnt",
    );
  }
  checkData("fit", "data", model, cost, dataset);
  if (validation !== null) checkData("fit", "validation", model, cost, validation);
  const validationBatch = validation === null ? 0 : evaluationBatch("fit", undefined, validation);
  const loader = new DataLoader(dataset, { batchSize, shuffle, seed });
  return { dataset, loader, batchSize, epochs, validation, validationBatch, metrics };
}

async function runEpoch(
  model: Module,
  options: FitOptions,
  plan: Plan,
  epoch: number,
  turns: Turns,
  report: (epoch: number, samples: number, loss: number) => void,
): Promise<Means> {
  const means = new Means();
  let batch = 0;
  let samples = 0;
  for (const { x, y } of plan.loader) {
    options.signal?.throwIfAborted();
    const { loss, figures } = step(model, options, plan.metrics, x, y);
    const size = x.shape[0] as number;
    means.add({ loss, ...figures }, size);
    samples += size;
    batch++;
    options.onBatch?.({ epoch, batch, batches: plan.loader.length, loss });
    report(epoch, samples, means.get("loss"));
    await turns.giveWay();
  }
  return means;
}

/** One step of descent on one mini-batch. */
function step(
  model: Module,
  { cost, optimizer }: FitOptions,
  metrics: Metrics,
  x: Tensor,
  target: Tensor,
): { loss: number; figures: Record<string, number | Tensor> } {
  optimizer.zeroGrad();
  const y = model.forward(x);
  const loss = cost(y, target);
  loss.backward();
  optimizer.step();
  const figures: Record<string, number | Tensor> = {};
  for (const [name, metric] of Object.entries(metrics)) figures[name] = metric(y.detach(), target);
  return { loss: loss.item(), figures };
}

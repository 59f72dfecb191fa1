import { performance } from "node:perf_hooks";
import type { Cost } from "../cost/define.js";
import { type Dataset, type Samples, toDataset } from "../data/dataset.js";
import { readBatchSize } from "../data/loader.js";
import { assign } from "../eager/apply.js";
import { ArgumentError, BusyError } from "../errors.js";
import type { Module } from "../nn/module.js";
import { Optimizer } from "../optim/optimizer.js";
import { checkFlag, checkNumber, checkOptions, checkSignal, describe, isInstance } from "../options.js";
import { canFail } from "../plan/ir.js";
import { Generator } from "../random/generator.js";
import { copyOf } from "../tensor/copy.js";
import type { Tensor } from "../tensor/tensor.js";
import { checkCost, checkData, checkModel } from "./check.js";
import { type CompiledModel, trainingProgram } from "./compiled-model.js";
import { type Evaluation, type Evaluator, evaluationBatch, makeEvaluator } from "./evaluate.js";
import { Forks } from "./forks.js";
import { checkMetrics, Means, type Metrics } from "./metrics.js";
import { openProgress, type Progress } from "./progress.js";
import { isRefusal } from "./refusal.js";
import { RunningSet, runSteps } from "./steps.js";

/** The argument of `onBatch` after each step. */
export interface BatchReport {
  readonly epoch: number;
  readonly batch: number;
  readonly batches: number;
  /** The loss of this batch, before the step. */
  readonly loss: number;
}

/** The result of one epoch. */
export interface EpochReport {
  readonly epoch: number;
  /**
   * The loss averaged over the samples, each measured before the step that used it. For a cost that is not a mean over
   * samples: the average of the losses of the mini-batches, weighted by their numbers of samples.
   */
  readonly loss: number;
  /** The metrics, averaged over the training samples in the same way. */
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
  /** Number of passes over the data. Default: 1. */
  readonly epochs?: number;
  /**
   * Samples in a mini-batch: 1 for stochastic descent, the set's length for full-batch descent.
   * Default: 32, or the set's length if it is less.
   */
  readonly batchSize?: number;
  /** Use a new random order in each epoch. Default: true. */
  readonly shuffle?: boolean;
  /** Seed of the orders. Default: 0. */
  readonly seed?: number;
  /** A set to evaluate after each epoch. */
  readonly validation?: Samples;
  /** Figures besides the loss. Default: none. */
  readonly metrics?: Metrics;
  /** Ends the training between two steps; the promise is rejected with the signal's reason. */
  readonly signal?: AbortSignal;
  /** Called after each step. `fit` waits for it before the next step, so training is slower with it. */
  readonly onBatch?: (report: BatchReport) => void | Promise<void>;
  /** Called after each epoch. `fit` waits for it. */
  readonly onEpoch?: (report: EpochReport) => void | Promise<void>;
  /**
   * Shows progress on standard error. On a terminal, if the package cli-progress is installed, a bar for each epoch;
   * otherwise one line per epoch. Default: false.
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
 * Trains a model. For each mini-batch S of the data, the optimizer updates w with the gradient ∂L(S, w)/∂w, where
 * L(S, w) is the cost averaged over S. In the reported averages, a smaller last batch has the weight of its number of
 * samples.
 *
 * The step is compiled and runs on the engine's own thread, many steps in one call, so the event loop goes on. Between
 * two calls `fit` runs callbacks and checks the signal. During a call, the model's parameters cannot be read or
 * written; `predict` and `evaluate` wait for its end. The gradients stay inside the program: `.grad` is null
 * afterwards. The model's JavaScript runs when the step is compiled. It runs again only if the model has changed: its
 * fields, its modules' modes, which parameters require gradients. If a callback changes one of these, the next step
 * uses the change.
 *
 * The model trains in training mode, and its modules' `training` is restored afterwards. If the model itself is in
 * training mode, those of its modules that are in evaluation mode are frozen and stay in evaluation mode.
 *
 * The data sets are copied before `fit` returns its promise: you may then change, transfer or drop them. Random
 * numbers, such as those of Dropout, depend on the state of the generators at that time. Later draws from the
 * generators, for instance by another `fit`, do not change them.
 *
 * The data, the targets and every option are checked before the first step.
 *
 * @returns the report of each epoch, in order.
 * @throws ArgumentError, OptionError, ShapeError, DTypeError, IndexError, DataError if something does not fit, with the
 *   model unchanged; TraceError if the model, the cost or a metric reads a value; BusyError if the model is already
 *   being trained.
 * @example
 * const history = await fit(model, { data: { x, y }, cost: cost.crossEntropy, optimizer, epochs: 5, batchSize: 128 });
 */
export async function fit(model: Module, options: FitOptions): Promise<EpochReport[]> {
  const plan = readOptions(model, options);
  const { dataset, batchSize, epochs, program, validator } = plan;
  inTraining.add(model);
  let set: RunningSet | null = null;
  let progress: Progress | null = null;
  let undo: Undo | null = null;
  try {
    set = new RunningSet("data", dataset);
    const forks = new Forks();
    for (const batch of batchesOf(dataset.length, batchSize)) {
      forks.begin(program.specialization("fit", batch, [dataset.x, dataset.y]).executable);
    }
    // The first epoch uses all samples, so an error that the data cause occurs in it. After it, no undo is needed.
    undo = refusesData(plan) ? new Undo(model, options.optimizer) : null;
    const shown = await openProgress(options.progress ?? false, epochs, dataset.length);
    progress = shown;
    const generator = new Generator(plan.seed);
    const inOrder = Int32Array.from({ length: dataset.length }, (_, p) => p);
    const history: EpochReport[] = [];
    for (let epoch = 1; epoch <= epochs; epoch++) {
      options.optimizer.zeroGrad();
      const means = new Means(["loss", ...Object.keys(plan.metrics)]);
      const started = performance.now();
      let batch = 0;
      await runSteps({
        where: "fit",
        program,
        set,
        order: plan.shuffle ? orderOf(generator, dataset.length) : inOrder,
        batchSize,
        forks,
        // `onBatch` may end the training or change the learning rate before the next step.
        ...(options.onBatch === undefined ? {} : { maxSteps: 1 }),
        before: () => options.signal?.throwIfAborted(),
        begin: () => undo?.noteRun(),
        report: (log, samplesAStep) => {
          means.add(log, samplesAStep);
          shown.batch(epoch, means.samples, means.get(0));
          batch++;
          return options.onBatch?.({
            epoch,
            batch,
            batches: Math.ceil(dataset.length / batchSize),
            loss: log[0] as number,
          });
        },
      });
      const seconds = (performance.now() - started) / 1000;
      const evaluation = (await validator?.evaluate()) ?? null;
      undo = null;
      const { loss, ...metrics } = means.all();
      const samplesPerSecond = dataset.length / seconds;
      const report = {
        epoch,
        loss: loss as number,
        metrics,
        validation: evaluation,
        seconds,
        samplesPerSecond,
      };
      history.push(report);
      shown.epoch(report);
      await options.onEpoch?.(report);
    }
    return history;
  } catch (error) {
    if (isRefusal(error)) undo?.undo();
    throw error;
  } finally {
    progress?.close();
    set?.close();
    validator?.close();
    inTraining.delete(model);
  }
}

const orderOf = (generator: Generator, length: number): Int32Array =>
  generator.permutation(length).storage.forReading() as Int32Array;

/** The sizes of the mini-batches of a set. */
const batchesOf = (length: number, batchSize: number): number[] =>
  [batchSize, length % batchSize].filter((batch) => batch > 0);

interface Plan {
  readonly program: CompiledModel;
  readonly cost: Cost;
  readonly dataset: Dataset;
  readonly batchSize: number;
  readonly shuffle: boolean;
  readonly seed: number;
  readonly epochs: number;
  readonly validator: Evaluator | null;
  readonly metrics: Metrics;
}

/** Whether the data can make a step fail: an index out of range. */
function refusesData({ program, cost, dataset, batchSize, validator }: Plan): boolean {
  const { executable } = program.specialization("fit", batchSize, [dataset.x, dataset.y]);
  // The targets of these instructions have been checked.
  const isChecked = (name: string): boolean =>
    cost.checkTargets !== undefined && name.startsWith("cross_entropy");
  const all = [executable, ...(validator?.executables ?? [])].flatMap(
    ({ program: { instructions } }) => instructions,
  );
  return all.some((one) => canFail(one) && !isChecked(one.name));
}

/** Restores what a training changes to its values before the first run. */
class Undo {
  readonly #model: Module;
  readonly #optimizer: Optimizer<object>;
  #putBack: (() => void) | null = null;
  /** The tensors, and their versions before the first run. */
  #before: (readonly [tensor: Tensor, version: number])[] = [];
  #runs = 0;

  constructor(model: Module, optimizer: Optimizer<object>) {
    this.#model = model;
    this.#optimizer = optimizer;
  }

  /** To be called before each run, when nothing else writes these tensors. The first call copies their values. */
  noteRun(): void {
    this.#runs++;
    if (this.#putBack !== null) return;
    const undoOptimizer = this.#optimizer.snapshot();
    const tensors = Object.values(this.#model.stateDict());
    const copies = tensors.map(copyOf);
    this.#before = tensors.map((tensor) => [tensor, tensor.storage.version]);
    this.#putBack = () => {
      undoOptimizer();
      tensors.forEach((tensor, i) => {
        assign(tensor, copies[i] as Tensor);
      });
    };
  }

  /** Restores everything, unless other code has written it since, for instance another training of shared layers. */
  undo(): void {
    const isOwn = this.#before.every(([{ storage }, version]) => storage.version - version <= this.#runs);
    if (isOwn) this.#putBack?.();
  }
}

function readOptions(model: Module, options: FitOptions): Plan {
  checkOptions("fit", options, OPTIONS);
  checkModel("fit", model);
  if (inTraining.has(model)) {
    throw new BusyError("fit: this model is being trained by another fit; wait for that one");
  }
  const cost = checkCost("fit", options?.cost);
  if (!isInstance(options.optimizer, Optimizer)) {
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
  if (options.signal !== undefined) checkSignal("fit", options.signal);
  const validation =
    options.validation === undefined ? null : toDataset("fit", "validation", options.validation);
  const learns = new Set<Tensor>(options.optimizer.parameters);
  if (!model.parameters().some((parameter) => learns.has(parameter))) {
    throw new ArgumentError(
      "fit: the optimizer has none of the model's parameters, so nothing would be learnt",
    );
  }
  const program = trainingProgram(model, cost, options.optimizer, metrics);
  checkData("fit", "data", program, cost, dataset, batchSize);
  const validator =
    validation === null
      ? null
      : makeEvaluator({
          where: "fit",
          name: "validation",
          model,
          cost,
          metrics,
          dataset: validation,
          batchSize: evaluationBatch("fit", undefined, validation),
        });
  return { program, cost, dataset, batchSize, shuffle, seed, epochs, metrics, validator };
}

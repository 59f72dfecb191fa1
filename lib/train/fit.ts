import {
  type AnySamples,
  Dataset,
  type Forms,
  formsOf,
  partsOfSet,
  type Samples,
  setInForms,
  toDataset,
} from "../data/dataset.js";
import { formOf, type Part, type Parts, partsIn, putTogether, type TensorsOf } from "../data/parts.js";
import type { Sampler } from "../data/sampler.js";
import { copied } from "../data/samples.js";
import { StreamDataset } from "../data/stream/stream.js";
import { ArgumentError, BusyError } from "../errors.js";
import { checkPath, type FilePath } from "../files/path.js";
import { checkRunParts, RUN_PARTS, type RunParts, rememberedGenerators } from "../keeping/run-state.js";
import type { AnyModule, Module } from "../nn/module.js";
import { Optimizer } from "../optim/optimizer.js";
import {
  checkFlag,
  checkFunction,
  checkNumber,
  checkRequired,
  checkSignal,
  describe,
  isInstance,
} from "../options.js";
import type { Tensor } from "../tensor/tensor.js";
import type { AnyAugment, Augment } from "./augmentation.js";
import { BatchUse } from "./batch-use.js";
import { checkData, checkModel, checkOptimizer } from "./check.js";
import { type CheckpointOptions, type CheckpointReport, readCheckpointOptions } from "./checkpoints.js";
import type { CompiledModel } from "./compiled-model.js";
import { type Continuation, continuationOf } from "./continuation.js";
import { type EarlyStoppingOptions, readEarlyStopping } from "./early-stopping.js";
import { evaluationBatch, makeEvaluator } from "./evaluate.js";
import type { Evaluation } from "./evaluation.js";
import type { Evaluator } from "./evaluator.js";
import { type Feed, readBatchSizes, SetFeed } from "./feed.js";
import { readFollowing } from "./following-plan.js";
import type { Reported } from "./monitor.js";
import {
  type CostOf,
  type MetricsOf,
  type Objective,
  type ObjectiveOptions,
  readObjective,
  type WeightsOf,
} from "./objective.js";
import { originOf, type RowOptions, withoutRows } from "./row-options.js";
import { readSampleOptions, SAMPLE_OPTIONS, type SampleOptions, type WeightedSet } from "./sample-options.js";
import { freeze, readStepOptions, STEP_OPTIONS, type StepOptions, type StepPlan } from "./step-options.js";
import { makeStreamEvaluator, type StreamTask } from "./stream-evaluator.js";
import {
  type AnyStream,
  checkStreamOptions,
  type OpenedStream,
  openEvaluated,
  openStream,
  StreamFeed,
} from "./stream-feed.js";
import { type Plan, train } from "./training.js";
import { type StepSettings, trainingProgram } from "./training-step.js";
import { readWeights } from "./weights.js";

/** The argument of `onBatch` after each step. */
export interface BatchReport {
  readonly epoch: number;
  readonly batch: number;
  /** Of a stream: as many as in the epoch before, Infinity in its first epoch. */
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
  /** The metrics over the training samples, in the same way. */
  readonly metrics: Readonly<Record<string, number>>;
  /** Loss and metrics over the validation set after the epoch; null without one. */
  readonly validation: Evaluation | null;
  /** Wall-clock time of the training steps, without validation. */
  readonly seconds: number;
  readonly samplesPerSecond: number;
  /** Learning rates that were set by hand in this epoch, in `thalweg watch`; absent if none was. */
  readonly changes?: readonly RateChange[];
}

/** A learning rate that was set by hand while the training went on. */
export interface RateChange {
  readonly epoch: number;
  /** The steps of all epochs that were done before it. */
  readonly step: number;
  readonly lr: number;
  /** The position of the optimizer's group; absent for all groups. */
  readonly group?: number;
}

/** What `fit` calls and waits for. The answer `"stop"` ends the training. */
export type Callback<Report> = (
  report: Report,
) => "stop" | void | Promise<void> | Promise<"stop" | undefined>;

export interface FitOptions<O = Tensor, X extends Parts = Part, Y extends Parts = Tensor>
  extends StepOptions,
    SampleOptions {
  /** Samples and targets to learn from, in memory, or a stream of them: `data.stream`. */
  readonly data: Samples<X, Y> | StreamDataset<unknown, Y>;
  /**
   * Makes other samples of each mini-batch, [B, …], before the model has them: a function of ops that is part of the
   * compiled step. In training only: validation, `evaluate` and `predict` have the samples as they are. Draws of `rand`,
   * `randn` and generators are new in each step; `Math.random()` is drawn once, when the step is compiled. The result
   * has as many samples, of a shape and dtype that the model takes; several inputs come and go in their form. With
   * `accumulate` it is called for each mini-batch. Default: none.
   */
  readonly augment?: Augment<TensorsOf<X>>;
  /**
   * A cost; for several targets also a list or an object of costs, in the form of y. The loss is then the sum of the
   * costs by `costWeights`, and the reports have the loss of each target too, as `"kind.loss"`. A function that is given
   * for several outputs or targets takes them in their forms, and gives a scalar.
   */
  readonly cost: CostOf<O, TensorsOf<Y>>;
  /**
   * What the cost of each of several targets counts in their sum, in the form of y: numbers ≥ 0. A cost of weight 0 is
   * reported, but not part of the sum. Default: 1 each.
   */
  readonly costWeights?: WeightsOf<Y>;
  readonly optimizer: Optimizer<object>;
  /** Number of passes over the data, those before `firstEpoch` included. Default: 1. */
  readonly epochs?: number;
  /**
   * The number of the first epoch, at most `epochs`. Its order follows from this number. Default: 1. A training that
   * goes on after the last one (see `fit`) goes on with its orders too.
   */
  readonly firstEpoch?: number;
  /**
   * Samples in a mini-batch: 1 for stochastic descent, the set's length for full-batch descent. More than that is the
   * set's length. A function gives that of each epoch, from 1, and is asked when the epoch begins. A stream has its own.
   * Default: 32, or the set's length if it is less.
   */
  readonly batchSize?: number | ((epoch: number) => number);
  /** Use a new random order in each epoch. A stream has its own `shuffleBuffer`. Default: true. */
  readonly shuffle?: boolean;
  /**
   * Gives the samples of each epoch, by its number from 0, in place of `shuffle`: `data.sampler`. Not with
   * `validationSplit`. Default: none.
   */
  readonly sampler?: Sampler;
  /**
   * Seed of the orders. The order of an epoch follows from the seed and the epoch's number alone. Default: drawn from
   * the default generator, so that `manualSeed` decides.
   */
  readonly seed?: number;
  /** A set to evaluate after each epoch, or a stream: all its rows, opened as epoch 0 each time. */
  readonly validation?: Samples<X, Y> | StreamDataset<unknown, Y>;
  /**
   * Figures besides the loss, each a number: metrics by name, or names of `metrics`. For several targets: a list or an
   * object of those, in the form of y; the figures are called `"kind.accuracy"`. Default: none.
   */
  readonly metrics?: MetricsOf<TensorsOf<Y>>;
  /** Ends the training between two steps; the promise is rejected with the signal's reason. */
  readonly signal?: AbortSignal;
  /**
   * Called after each step. `fit` waits for it before the next step, so training is slower with it. The answer `"stop"`
   * ends the training: the epoch ends with the steps that are done, with its validation, its report and `onEpoch`.
   */
  readonly onBatch?: Callback<BatchReport>;
  /** Called after each epoch. `fit` waits for it. The answer `"stop"` ends the training with the history so far. */
  readonly onEpoch?: Callback<EpochReport>;
  /**
   * Ends the training when a figure of the epochs no longer gets better; see `EarlyStoppingOptions`. It counts before
   * `onEpoch`, so with `restoreBest` that is the weights before what `onEpoch` changes. Default: none.
   */
  readonly earlyStopping?: EarlyStoppingOptions;
  /**
   * Shows progress on standard error. On a terminal, if the package cli-progress is installed, a bar for each epoch;
   * otherwise one line per epoch. Default: false.
   */
  readonly progress?: boolean;
  /**
   * A folder for TensorBoard: after each epoch the loss, the metrics, the learning rates and the speed are written
   * there. Needs the packages protobufjs and crc-32. Default: none.
   */
  readonly tensorBoard?: string;
  /**
   * The path of an HTML file, a page about this run that needs no other file. It is written at the end of the training,
   * also of one that fails or is aborted, and never in part. It has the model's diagram, the data, the curves, the norms
   * of the gradients by layer, the confusion matrix or the residuals, the samples of the highest cost, the options, the
   * machine, and where the time went. Needs the packages @dagrejs/dagre, vega and vega-lite; images need fast-png.
   *
   * The gradients are those of one mini-batch, which does not change. They are computed before the first step and after
   * each of the first 20. Later the distance grows to a tenth of the steps done, and to 100 steps at most. Each time
   * costs about as much as a step. At most 10,000 samples and 64 MiB are copied, of the validation set where there is
   * one, else of the training set. If the page cannot be written at the end, `fit` warns with the code
   * `"THALWEG_FOLLOWER_FAILED"` and gives its history. Default: none.
   */
  readonly report?: FilePath;
  /**
   * A folder; `fit` makes it if there is none. A file in it grows with the training. `npx thalweg watch FOLDER` shows
   * the training while it goes on, stops it and sets its learning rate. Each call of `fit` has a file of its own. The
   * gradients are taken as often as for `report`. The model's diagram needs the package @dagrejs/dagre; without it the
   * page has no diagram. Default: none.
   */
  readonly watch?: FilePath;
  /**
   * Writes checkpoints, next to the training: the state is copied between two steps, and a thread of its own writes
   * the file. If writing takes longer than the interval, copies that wait are dropped for newer ones. Default: none.
   */
  readonly checkpoint?: CheckpointOptions;
  /** Called when a checkpoint is on the device. `fit` waits for the last call before it ends. */
  readonly onCheckpoint?: (report: CheckpointReport) => void | Promise<void>;
  /**
   * The path of a checkpoint that `fit` wrote, to go on from there; true for the `path` of `checkpoint`, if there is a
   * file, and from the beginning otherwise. Model, optimizer, `state`, data and cost are made as they were in the
   * broken-off run; in the middle of an epoch also `batchSize`, `shuffle` and the number of samples are the same.
   */
  readonly resume?: FilePath | true;
  /** Called before the first step of a resumed training. `fit` waits for it. */
  readonly onResume?: (report: ResumeReport) => void | Promise<void>;
  /** What checkpoints hold besides model, optimizer and the position: what the callbacks use. */
  readonly state?: FitState;
}

/** Options for sets of any form. */
type AnyFitOptions = Omit<FitOptions, keyof ObjectiveOptions | "data" | "validation" | "augment"> &
  ObjectiveOptions & {
    readonly data: AnySamples | AnyStream;
    readonly validation?: AnySamples | AnyStream;
    readonly augment?: AnyAugment;
  };

/** The argument of `onResume`. */
export interface ResumeReport {
  readonly path: string;
  /** The epoch, from 1, the mini-batches of it that are done, and the steps of all epochs. */
  readonly epoch: number;
  readonly batch: number;
  readonly step: number;
  /** What `extra` of `state` gave when the checkpoint was taken. */
  readonly extra: unknown;
}

/** What checkpoints hold besides model, optimizer and the position. */
export interface FitState extends Omit<RunParts, "model" | "optimizer"> {
  /** Gives plain values, typed arrays and tensors for each checkpoint. */
  readonly extra?: () => unknown;
}

/** The options of `fit` for rows. */
export interface FitRowsOptions
  extends Omit<FitOptions, "data" | "cost" | "costWeights" | "validation" | "classWeight">,
    Omit<RowOptions, "data"> {
  /** The rows, or what `schema.transform` or `data.stream` made of them. */
  readonly data: RowOptions["data"] | StreamDataset<unknown, Tensor>;
  /** Rows to evaluate after each epoch. */
  readonly validation?: RowOptions["data"];
  /** What each class counts: see `SampleOptions`; an object has the names of the classes. */
  readonly classWeight?: "balanced" | readonly number[] | Readonly<Record<string, number>>;
}

const OPTIONS = [
  "data",
  "augment",
  "cost",
  "costWeights",
  "schema",
  "optimizer",
  "epochs",
  "firstEpoch",
  "batchSize",
  "shuffle",
  "sampler",
  "seed",
  "validation",
  "metrics",
  "signal",
  "onBatch",
  "onEpoch",
  "earlyStopping",
  ...STEP_OPTIONS,
  ...SAMPLE_OPTIONS,
  "progress",
  "tensorBoard",
  "report",
  "watch",
  "checkpoint",
  "onCheckpoint",
  "resume",
  "onResume",
  "state",
] as const;

const inTraining = new WeakSet<AnyModule>();

/**
 * Trains a model. An x that is an object is the one argument of the model's `forward`, a list is its arguments. For each
 * mini-batch S of the data, the optimizer updates w with the gradient ∂L(S, w)/∂w, where
 * L(S, w) is the cost averaged over S. In the reported averages, a smaller last batch has the weight of its number of
 * samples.
 *
 * The step is compiled and runs on the engine's own thread, many steps in one call, so the event loop goes on. Between
 * two calls `fit` runs callbacks and checks the signal. During a call, the model's parameters cannot be read or
 * written; `predict` and `evaluate` wait for its end. The gradients stay inside the program: `.grad` is null
 * afterwards. The model's JavaScript runs when the step is compiled. It runs again only if the model has changed: its
 * fields, its modules' modes, which parameters require gradients. If a callback changes one of these, the next step
 * uses the change. Functions of your own, such as a cost, are traced in each call of `fit`; what computes the same as
 * before is not compiled anew.
 *
 * The model trains in training mode, and its modules' `training` is restored afterwards. If the model itself is in
 * training mode, those of its modules that are in evaluation mode are frozen and stay in evaluation mode.
 *
 * Sets in memory are copied before `fit` returns its promise: you may then change, transfer or drop them. Random numbers,
 * such as those of Dropout, depend on the state of the generators at that time; where `data` is a stream, on their state
 * after its first mini-batch. Later draws from the generators, for instance by another `fit`, do not change them.
 *
 * The data, the targets and every option are checked before the first step; of a stream, each mini-batch is checked
 * before its step, and its errors leave the weights as they are after the last whole step. A parameter that requires
 * gradients and is not in the optimizer would not learn: a warning with the code `THALWEG_PARAMETERS_NOT_LEARNT` names
 * such parameters, once for a model and an optimizer.
 *
 * A second `fit` with the same model, optimizer and data goes on where the first one ended: in its orders and its random
 * numbers, so that five epochs and five are the same as ten, to the bit. Its reports begin with epoch 1 again. It begins
 * anew if something else has written the model since, if `manualSeed` was called, and for another `seed`; `firstEpoch: 1`
 * asks for it.
 *
 * With `checkpoint` the training can be broken off at any moment and gone on with by `resume`: the result has the same
 * bits as if it had not been broken off, with any number of threads. A checkpoint holds the model with its modules' modes
 * and which parameters are frozen, the optimizer, the random numbers, the position in the epoch and its order, the
 * history, and what `state` names; also `schedule`, `averageWeights` and the best weights of `earlyStopping`. A schedule
 * or a weight average that a callback uses has to be in `state`. A checkpoint is taken after `onBatch` or `onEpoch`.
 *
 * @returns the report of each epoch, in order; of a resumed training also of those before.
 * @throws ArgumentError, OptionError, ShapeError, DTypeError, IndexError, DataError if something does not fit, with the
 *   model unchanged; TraceError if the model, the cost or a metric reads a value; BusyError if the model is already
 *   being trained, or if another training writes the same checkpoints; AnomalyError for a loss that is not finite;
 *   FileError if a checkpoint cannot be read or written: the earlier checkpoints stay.
 * @example
 * const history = await fit(model, { data: { x, y }, cost: cost.crossEntropy, optimizer, epochs: 5, batchSize: 128 });
 * @example
 * class Two extends nn.Module<[inputs: { a: Tensor; b: Tensor }], { kind: Tensor; size: Tensor }> {
 *   kind = new nn.Linear(3, 4);
 *   size = new nn.Linear(3, 1);
 *   forward({ a, b }: { a: Tensor; b: Tensor }) {
 *     return { kind: this.kind.forward(a), size: this.size.forward(b) };
 *   }
 * }
 * const two = new Two();
 * const reports = await fit(two, {
 *   data: { x: { a: x, b: x }, y: { kind: y, size: ops.slice(x, 1, { end: 1 }) } },
 *   cost: { kind: cost.crossEntropy, size: cost.mse },
 *   costWeights: { size: 0.5 },
 *   optimizer: new optim.Adam(two.parameters()),
 * });
 * console.log(reports[0].loss, reports[0].metrics["kind.loss"]);
 * @example
 * const rows = [{ size: 1, kind: "cat" }, { size: 2, kind: "dog" }, { size: 3, kind: "dog" }];
 * const schema = thalweg.data.Schema.learn(rows, { target: "kind" });
 * const net = new nn.Linear(schema.size, schema.outputs);
 * await fit(net, { data: rows, schema, optimizer: new optim.Adam(net.parameters()), epochs: 5 });
 * @example
 * const schedule = new optim.StepLR(optimizer, { stepSize: 2 });
 * await fit(model, {
 *   data: { x, y }, cost: cost.crossEntropy, optimizer, epochs: 5,
 *   onEpoch: () => schedule.step(),
 *   state: { schedules: [schedule] },
 *   checkpoint: { path: "training.safetensors", every: { steps: 100 } },
 *   resume: true,   // from the file, if there is one
 * });
 */
export async function fit(model: Module<never>, options: FitRowsOptions): Promise<EpochReport[]>;
export async function fit<O = Tensor, X extends Parts = Part, Y extends Parts = Tensor>(
  model: Module<never, O>,
  options: FitOptions<O, X, Y>,
): Promise<EpochReport[]>;
export async function fit(model: AnyModule, given: FitRowsOptions | FitOptions): Promise<EpochReport[]> {
  checkModel("fit", model);
  checkRequired("fit", given, OPTIONS);
  if (inTraining.has(model)) {
    throw new BusyError("fit: this model is being trained by another fit; wait for that one");
  }
  const options = withCopies(withoutRows("fit", given));
  const melt = freeze("fit", model, options.freeze);
  let opened: OpenedStream | null = null;
  try {
    inTraining.add(model);
    const before = readContinuation(model, options);
    if (isInstance(options.data, StreamDataset)) opened = await openData(options, options.data, before);
    return await train(readOptions(model, options, before, opened));
  } finally {
    inTraining.delete(model);
    melt();
    await opened?.close();
  }
}

/** Copies the validation set of a training with a stream, whose first mini-batch is waited for. */
function withCopies(options: AnyFitOptions): AnyFitOptions {
  const { data, validation } = options;
  const isRead = validation === undefined || isInstance(validation, StreamDataset);
  if (isRead || !isInstance(data, StreamDataset)) return options;
  const { x, y, w } = toDataset("fit", "validation", validation);
  const [ownX, ownY] = [x, y].map((parts) => putTogether(formOf(parts), partsIn(parts).map(copied)));
  return { ...options, validation: new Dataset({ x: ownX as Parts, y: ownY as Parts, w }) };
}

/** The training that this one goes on; null if there is none. */
function readContinuation(model: AnyModule, options: AnyFitOptions): Continuation | null {
  const { optimizer, firstEpoch, seed, resume } = options;
  if (!isInstance(optimizer, Optimizer) || resume !== undefined) return null;
  const before = continuationOf(model, optimizer, () => partsOf(options.data));
  if (before === null || (seed ?? before.seed) !== before.seed) return null;
  return firstEpoch === undefined || firstEpoch === before.passes + 1 ? before : null;
}

/** What tells a set from another one. */
const partsOf = (data: AnySamples | AnyStream): readonly object[] =>
  isInstance(data, StreamDataset) ? [data] : (originOf(data) ?? partsOfSet(toDataset("fit", "data", data)));

/** Reads the first mini-batch of a stream, of which the training is made. @throws also ArgumentError, as the stream */
async function openData(
  options: AnyFitOptions,
  stream: AnyStream,
  before: Continuation | null,
): Promise<OpenedStream> {
  const { firstEpoch = 1, dropLast = false, classWeight, signal } = options;
  checkStreamOptions("fit", { ...options }, stream);
  if (classWeight === "balanced") {
    throw new ArgumentError(
      "fit: the counts of a stream's classes are not known; give classWeight as numbers",
    );
  }
  checkNumber("fit", "firstEpoch", firstEpoch, { min: 1, integer: true });
  checkFlag("fit", "dropLast", dropLast);
  if (signal !== undefined) checkSignal("fit", signal);
  return openStream(stream, before?.passes ?? firstEpoch - 1, { dropLast }, signal);
}

function readOptions(
  model: AnyModule,
  options: AnyFitOptions,
  before: Continuation | null,
  opened: OpenedStream | null,
): Plan {
  if (!isInstance(options.optimizer, Optimizer)) {
    throw new ArgumentError(`fit: expected optimizer to be an Optimizer, got ${describe(options.optimizer)}`);
  }
  const { optimizer } = options;
  const given = toDataset("fit", "data", opened?.first.batch ?? options.data);
  const objective = readObjective("fit", options, formOf(given.y), true);
  const epochs = checkNumber("fit", "epochs", options.epochs ?? 1, { min: 1, integer: true });
  const firstEpoch = checkNumber("fit", "firstEpoch", options.firstEpoch ?? 1, {
    min: 1,
    max: epochs,
    integer: true,
  });
  const { sampler, validationSplit, seed, classWeight } = options;
  const shuffle = checkFlag("fit", "shuffle", options.shuffle ?? sampler === undefined);
  if (sampler !== undefined) {
    checkFunction("fit", "sampler", sampler);
    if (shuffle) throw new ArgumentError("fit: expected either shuffle or a sampler");
    if (validationSplit !== undefined) {
      throw new ArgumentError(
        "fit: expected either a sampler or validationSplit: data.split first gives the samples that the sampler is of",
      );
    }
  }
  if (seed !== undefined) checkNumber("fit", "seed", seed, { min: 0, integer: true });
  checkFlag("fit", "progress", options.progress ?? false);
  for (const name of ["tensorBoard", "report", "watch"] as const) {
    if (options[name] !== undefined) checkPath(`fit: ${name}`, options[name]);
  }
  for (const name of ["onBatch", "onEpoch", "onCheckpoint", "onResume"] as const) {
    if (options[name] !== undefined) checkFunction("fit", name, options[name]);
  }
  if (options.signal !== undefined) checkSignal("fit", options.signal);
  if (options.validation !== undefined && validationSplit !== undefined) {
    throw new ArgumentError("fit: expected either validation or validationSplit");
  }
  const splitSeed = validationSplit === undefined ? null : (seed ?? 0);
  const { training, validation: kept } = readSampleOptions("fit", options, objective, given, splitSeed ?? 0);
  const { dataset, weights } = training;
  const stream = isInstance(options.validation, StreamDataset) ? options.validation : null;
  const validation =
    options.validation === undefined || stream !== null
      ? kept
      : readValidation(options.validation, objective, formsOf(given));
  const reported = {
    figures: objective.names,
    losses: objective.losses,
    hasValidation: validation !== null || stream !== null,
  };
  const earlyStopping =
    options.earlyStopping === undefined
      ? null
      : readEarlyStopping("fit: earlyStopping", options.earlyStopping, reported);
  const steps = readStepOptions("fit", options, optimizer, reported);
  const keeping = readKeeping(model, options, reported, steps, before);
  checkOptimizer("fit", model, optimizer);
  const x = formOf(dataset.x);
  const settingsOf = (part: number): StepSettings => ({
    ...steps.settings,
    part: steps.accumulate === 1 ? undefined : part,
  });
  const program = (part: number): CompiledModel =>
    trainingProgram(model, objective, optimizer, x, settingsOf(part));
  const use = new BatchUse({ where: "fit", name: "data", objective, first: dataset, classWeight });
  const feed: Feed =
    opened === null
      ? new SetFeed("data", dataset, weights, {
          ...steps,
          batchSize: readBatchSizes("fit", options.batchSize),
          shuffle,
          sampler: sampler ?? null,
        })
      : new StreamFeed(opened, { ...steps, take: use.take });
  const first = {
    epoch: firstEpoch,
    pass: before?.passes ?? firstEpoch - 1,
    seed: seed ?? before?.seed ?? 0,
  };
  const { part, batchSize, samples } = feed.sizeOf(first);
  const used = opened === null ? samples : batchSize;
  checkData("fit", "data", program(part), objective, dataset, batchSize, weights, used);
  use.outputs = program(part).outputs(program(part).specialization("fit", batchSize, feed.specs));
  const task = { where: "fit", name: "validation", model, objective };
  const { signal } = options;
  const following = readFollowing({
    model,
    optimizer,
    objective,
    options: { ...options },
    sets: {
      isStream: opened !== null,
      data: opened === null ? options.data : opened.stream,
      training,
      validation:
        validation === null
          ? null
          : { given: validation === kept ? null : (options.validation as AnySamples), set: validation },
      streamsValidation: stream !== null,
    },
    part,
    size: feed.sizeOf(first),
    firstEpoch,
    epochs,
  });
  return {
    model,
    optimizer,
    program,
    settingsOf,
    x,
    objective,
    feed,
    data: opened === null ? (originOf(options.data) ?? partsOfSet(given)) : [opened.stream],
    steps,
    seed,
    splitSeed,
    before,
    firstEpoch,
    epochs,
    validator: validation === null ? null : validatorOf(task, validation),
    openValidator: stream === null ? null : () => openValidator({ ...task, signal }, stream, formsOf(given)),
    earlyStopping,
    following,
    ...keeping,
    callbacks: options,
  };
}

/** A validation set in the forms of the data, and its weights. */
function readValidation(given: unknown, objective: Objective, forms: Forms): WeightedSet {
  const dataset = setInForms(
    toDataset("fit", "validation", given),
    forms,
    (expected, got) =>
      new ArgumentError(`fit: expected validation to have the parts of data, ${expected}, got ${got}`),
  );
  return { dataset, weights: readWeights("fit", undefined, objective, dataset), places: null };
}

type ValidationTask = Omit<StreamTask, "first" | "opened">;

function validatorOf(task: ValidationTask, { dataset, weights }: WeightedSet): Evaluator {
  return makeEvaluator({ ...task, dataset, weights, batchSize: evaluationBatch("fit", undefined, dataset) });
}

/** Reads the first mini-batch of a stream, which is opened anew for each evaluation. */
async function openValidator(task: ValidationTask, stream: AnyStream, forms: Forms): Promise<Evaluator> {
  const opened = await openEvaluated(stream, task.signal);
  await opened.close();
  const { dataset: first } = readValidation(opened.first.batch, task.objective, forms);
  return makeStreamEvaluator({ ...task, first, opened });
}

/** The options for checkpoints. */
function readKeeping(
  model: AnyModule,
  { optimizer, checkpoint, resume, state = {} }: AnyFitOptions,
  reported: Reported,
  { schedule, settings: { average } }: StepPlan,
  before: Continuation | null,
): Pick<Plan, "checkpoint" | "resume" | "parts" | "extra" | "undoReading"> {
  checkRequired("fit: state", state, [
    ...RUN_PARTS.filter((name) => name !== "model" && name !== "optimizer"),
    "extra",
  ]);
  const { extra = () => undefined, ...others } = state;
  checkFunction("fit", "extra of state", extra);
  if (resume === true && checkpoint === undefined) {
    throw new ArgumentError("fit: resume: true goes on from the path of checkpoint, which is not given");
  }
  if (resume !== undefined && resume !== true) checkPath("fit: resume", resume);
  const given = checkRunParts("fit: state", { ...others, model, optimizer });
  const parts = {
    ...given,
    ...withOne("schedules", given.schedules, schedule?.schedule),
    ...withOne("averages", given.averages, average),
  };
  return {
    checkpoint: checkpoint === undefined ? null : readCheckpointOptions("fit", checkpoint, reported),
    resume: resume ?? null,
    parts,
    extra,
    undoReading:
      resume === undefined && before === null
        ? []
        : [...rememberedGenerators(model, parts.generators), rememberedStates(optimizer)],
  };
}

/** A list with one more, unless it has it. */
const withOne = <K extends string, T>(name: K, list: readonly T[] = [], one: T | undefined) =>
  one === undefined || list.includes(one) ? {} : { [name]: [...list, one] };

/** What puts an optimizer's states back: to trace a step makes states of zeros where there are none. */
function rememberedStates(optimizer: Optimizer<object>): () => void {
  const before = optimizer.stateDict();
  return () => optimizer.loadStateDict(before);
}

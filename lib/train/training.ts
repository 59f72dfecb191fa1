import { performance } from "node:perf_hooks";
import process from "node:process";
import type { Specialization } from "../compiler/specialization.js";
import type { Form } from "../data/parts.js";
import { assign } from "../eager/apply.js";
import { AnomalyError, FileError } from "../errors.js";
import { checkPath, type FilePath } from "../files/path.js";
import { checkFits, readCheckpoint } from "../keeping/checkpoint.js";
import { differences, putState, type RunParts } from "../keeping/run-state.js";
import type { AnyModule } from "../nn/module.js";
import type { Optimizer } from "../optim/optimizer.js";
import { isInstance } from "../options.js";
import { canFail } from "../plan/ir.js";
import { defaultGenerator } from "../random/generator.js";
import { isError } from "../realms.js";
import { copyOf } from "../tensor/copy.js";
import type { Tensor } from "../tensor/tensor.js";
import { openBoard } from "./board.js";
import { type CheckpointPlan, Checkpoints } from "./checkpoints.js";
import type { CompiledModel } from "./compiled-model.js";
import { type Continuation, forget, leave } from "./continuation.js";
import { EarlyStopping, type EarlyStoppingPlan } from "./early-stopping.js";
import { printed } from "./evaluation.js";
import type { Evaluator } from "./evaluator.js";
import type { EpochId, EpochSize, Feed, Portion } from "./feed.js";
import type { Callback, EpochReport, FitOptions, ResumeReport } from "./fit.js";
import { Followed, type FollowingPlan } from "./followed.js";
import type { Activity, Outcome } from "./following.js";
import { Forks } from "./forks.js";
import { Figures, type StepsLog } from "./metrics.js";
import { figureOf } from "./monitor.js";
import type { Objective } from "./objective.js";
import { originOf } from "./origin.js";
import { differencesOf, type Position, readPosition } from "./position.js";
import { openProgress, type Progress, together } from "./progress.js";
import { isRefusal } from "./refusal.js";
import type { StepPlan, StepReport } from "./step-options.js";
import { type FailedRun, runSteps } from "./steps.js";
import { nonFiniteStep, type StepSettings } from "./training-step.js";
import { inTurn } from "./turn.js";
import { Undo } from "./undo.js";

/** Checked options of `fit`. */
export interface Plan {
  readonly model: AnyModule;
  readonly optimizer: Optimizer<object>;
  /** The program of a step of mini-batches of that many samples. */
  readonly program: (part: number) => CompiledModel;
  /** What such a step does. */
  readonly settingsOf: (part: number) => StepSettings;
  /** The form of the inputs. */
  readonly x: Form;
  readonly objective: Objective;
  readonly feed: Feed;
  /** The set's parts, or the stream: what a training with the same data has, too. */
  readonly data: readonly object[];
  readonly steps: StepPlan;
  /** Of the orders; undefined if none was given. */
  readonly seed: number | undefined;
  /** The seed by which samples were kept for validation; null if none were. */
  readonly splitSeed: number | null;
  /** Where the training before ended that this one goes on; null if there is none. */
  readonly before: Continuation | null;
  /** The number of the first epoch, and of the last. */
  readonly firstEpoch: number;
  readonly epochs: number;
  readonly validator: Evaluator | null;
  /** Makes that of a stream, once sets and generators have been copied; null for a set in memory or without one. */
  readonly openValidator: (() => Promise<Evaluator>) | null;
  readonly earlyStopping: EarlyStoppingPlan | null;
  /** What follows the training; null for nothing. */
  readonly following: FollowingPlan | null;
  readonly checkpoint: CheckpointPlan | null;
  /** The checkpoint to go on from; null to begin. */
  readonly resume: FilePath | true | null;
  /** What checkpoints hold besides the position. */
  readonly parts: RunParts;
  readonly extra: () => unknown;
  /** For a training that goes on: restores generators and optimizer to their state before the options were read. */
  readonly undoReading: readonly (() => void)[];
  /** The options that are used as they are. */
  readonly callbacks: Pick<
    FitOptions,
    "signal" | "onBatch" | "onEpoch" | "onCheckpoint" | "onResume" | "progress" | "tensorBoard"
  >;
}

/** Trains as planned. */
export async function train(plan: Plan): Promise<EpochReport[]> {
  const { checkpoint, parts, extra, callbacks, epochs, feed, optimizer } = plan;
  let checkpoints: Checkpoints | null = null;
  let progress: Progress | null = null;
  let training: Training | null = null;
  let isPlaced = false;
  try {
    if (checkpoint !== null) checkpoints = new Checkpoints(checkpoint, parts, extra, callbacks.onCheckpoint);
    feed.begin();
    training = new Training(plan, checkpoints);
    await training.openFollowers();
    await training.begin();
    forget(optimizer);
    const resumed = plan.resume === null ? null : await training.resume(plan.resume);
    isPlaced = true;
    if (resumed !== null) await callbacks.onResume?.(resumed);
    progress = await openProgress(callbacks.progress ?? false, epochs);
    if (callbacks.tensorBoard !== undefined) {
      progress = together([progress, await openBoard(callbacks.tensorBoard, optimizer)]);
    }
    await training.tellBegin();
    const history = await training.run(progress);
    await training.tellEnd();
    return history;
  } catch (error) {
    if (isRefusal(error)) training?.undo();
    if (!isPlaced) for (const undo of plan.undoReading) undo();
    await training?.tellError(error);
    throw error;
  } finally {
    await feed.close();
    await (training?.validator ?? plan.validator)?.close();
    await checkpoints?.close();
    await progress?.close();
  }
}

class Training {
  readonly #plan: Plan;
  readonly #checkpoints: Checkpoints | null;
  readonly #forks = new Forks();
  /** The first whole epoch uses all samples. So an error caused by the data occurs in it or before. */
  #undo: Undo | null = null;
  #validator: Evaluator | null;
  #seed: number;
  /** Epochs of the trainings before that this one goes on. */
  #passes: number;
  #means: Figures;
  #epoch: number;
  #batch = 0;
  #step = 0;
  #isOver = false;
  #seconds = 0;
  #history: EpochReport[] = [];
  readonly #earlyStopping: EarlyStopping | null;
  #followed: Followed | null = null;
  /** Whether a callback, `earlyStopping` or a command has ended the training. */
  #isStopped = false;
  /** The buffers, and what they were before the steps that run. */
  #buffers: readonly (readonly [buffer: Tensor, before: Tensor])[] = [];

  constructor(plan: Plan, checkpoints: Checkpoints | null) {
    this.#plan = plan;
    this.#checkpoints = checkpoints;
    const { objective, model, before, validator } = plan;
    this.#validator = validator;
    this.#seed = plan.seed ?? before?.seed ?? drawnSeed();
    this.#epoch = plan.firstEpoch;
    this.#passes = before === null ? 0 : before.passes + 1 - plan.firstEpoch;
    for (const batch of batchesOf(this.#size)) {
      this.#forks.begin(specializationOf(plan, this.#size, batch).executable);
    }
    this.#means = new Figures(objective.figures);
    this.#earlyStopping = plan.earlyStopping === null ? null : new EarlyStopping(plan.earlyStopping, model);
  }

  get validator(): Evaluator | null {
    return this.#validator;
  }

  /** Opens the stream for validation, and goes on after the training before. */
  async begin(): Promise<void> {
    const { openValidator, feed, model, optimizer, before } = this.#plan;
    if (openValidator !== null) this.#validator = await openValidator();
    if (feed.order !== "stream" && refusesData(this.#plan, this.#size, this.#validator)) {
      this.#undo = new Undo(model, optimizer);
    }
    if (before === null) return;
    for (const undo of this.#plan.undoReading) undo();
    this.#putForks(before);
  }

  /** @throws PackageError, FileError if something that is to follow the training cannot */
  async openFollowers(): Promise<void> {
    const { following, optimizer } = this.#plan;
    if (following !== null) this.#followed = await Followed.open(following, optimizer);
  }

  /** Tells followers where the training begins. */
  async tellBegin(): Promise<void> {
    const { following } = this.#plan;
    if (following === null) return;
    const where = { seed: this.#seed, history: [...this.#history], stepsBefore: this.#step };
    await this.#followed?.begin({ ...following.facts, ...where });
    await this.#look();
  }

  /** Lets followers see the gradients. */
  async #look(): Promise<void> {
    await this.#followed?.look(this.#step, () => this.#undo?.noteRun(WRITES_OF_LOOK));
  }

  /** Tells followers that the training came to its end. */
  async tellEnd(): Promise<void> {
    await this.#tellOutcome({ state: this.#isStopped ? "stopped" : "finished", error: null });
  }

  /** Tells followers of the error that ended the training. */
  async tellError(cause: unknown): Promise<void> {
    const state = this.#plan.callbacks.signal?.aborted === true ? "aborted" : "failed";
    await this.#tellOutcome({ state, error: isError(cause) ? cause.message : String(cause) });
  }

  /** An error of a follower is a warning: the training is over. */
  async #tellOutcome(outcome: Omit<Outcome, "seconds">): Promise<void> {
    try {
      await this.#followed?.end(outcome);
    } catch (failed) {
      process.emitWarning(`fit: what follows the training failed: ${(failed as Error).message}`, {
        type: "TrainingWarning",
        code: "THALWEG_FOLLOWER_FAILED",
      });
    }
  }

  /** Runs something whose time followers are told as that of an activity. */
  #during<T>(activity: Activity, run: () => T): T {
    return this.#followed === null ? run() : this.#followed.clock.during(activity, run);
  }

  get #id(): EpochId {
    return { epoch: this.#epoch, pass: this.#passes + this.#epoch - 1, seed: this.#seed };
  }

  /** Of this epoch. */
  get #size(): EpochSize {
    return this.#plan.feed.sizeOf(this.#id);
  }

  /** Goes on with the random numbers where another run stood. */
  #putForks({ forks, validationForks }: Pick<Continuation, "forks" | "validationForks">): void {
    this.#forks.put(forks);
    if (validationForks !== null) this.#validator?.forks.put(validationForks);
  }

  /**
   * Goes on from a checkpoint.
   * @param from Its path; true for that of the checkpoints, if there is one.
   * @returns what `onResume` is told; null if the training begins.
   * @throws as `loadCheckpoint`, with the parts as they were before.
   */
  async resume(from: FilePath | true): Promise<ResumeReport | null> {
    const { checkpoint, parts, seed, splitSeed, feed, steps } = this.#plan;
    const path = checkPath("fit: resume", from === true ? checkpoint?.path : from);
    const tree = await readCheckpoint("fit", path).catch((error: unknown) => {
      if (from === true && isAbsent(error)) return null;
      throw error;
    });
    if (tree === null) return null;
    const position = readPosition(`fit: ${path}`, tree.fit);
    const { accumulate, dropLast } = steps;
    const { order, samples } = feed;
    const id = { epoch: position.epoch, pass: position.pass, seed: position.seed };
    const { batchSize, steps: batches } = feed.sizeOf(id);
    const figures = this.#plan.objective.names;
    const now = { seed, splitSeed, order, batchSize, batches, samples, accumulate, dropLast, figures };
    checkFits("fit", path, [
      ...differences(tree.run, parts, true),
      ...differencesOf(position, now),
      ...(this.#earlyStopping?.differences(position.history, position.best ?? null) ?? []),
    ]);
    this.#goOnFrom(position);
    putState("fit", tree.run, parts);
    this.#checkpoints?.resume(path, position, tree.kept);
    const { epoch, batch, step } = position;
    return { path, epoch, batch, step, extra: tree.extra };
  }

  #goOnFrom(position: Position): void {
    this.#putForks(position);
    this.#seed = position.seed;
    this.#passes = position.pass + 1 - position.epoch;
    this.#step = position.step;
    this.#history = [...position.history];
    this.#isStopped = this.#earlyStopping?.resume(position.history, position.best ?? null) ?? false;
    this.#epoch = position.epoch;
    if (position.isOver) {
      this.#epoch++;
      return;
    }
    this.#batch = position.batch;
    this.#seconds = position.seconds;
    this.#means.put(position.means);
  }

  async run(progress: Progress): Promise<EpochReport[]> {
    const { epochs } = this.#plan;
    while (this.#epoch <= epochs && !this.#isStopped) {
      await this.#runEpoch(progress);
      this.#epoch++;
      this.#batch = 0;
      this.#seconds = 0;
      this.#isOver = false;
      this.#means = new Figures(this.#plan.objective.figures);
    }
    await this.#checkpoints?.finish();
    const stopping = this.#earlyStopping;
    if (stopping !== null) await this.#whenIdle(() => stopping.finish());
    this.#leave();
    return this.#history;
  }

  /** Notes where the training ended, for the next one. */
  #leave(): void {
    const { model, optimizer, data } = this.#plan;
    leave(model, optimizer, data, {
      passes: this.#id.pass,
      seed: this.#seed,
      forks: this.#forks.state(),
      validationForks: this.#validator?.forks.state() ?? null,
    });
  }

  /** Runs an epoch, or what is left of it. */
  async #runEpoch(progress: Progress): Promise<void> {
    const { optimizer, epochs, callbacks } = this.#plan;
    const isWhole = this.#batch === 0;
    optimizer.zeroGrad();
    await this.#runSteps(progress);
    const validated = (await this.#during("validation", () => this.#validator?.evaluate())) ?? null;
    if (isWhole) this.#undo = null;
    const { loss, ...metrics } = this.#means.numbers("fit");
    const changes = this.#followed?.takeChanges() ?? [];
    const report: EpochReport = {
      epoch: this.#epoch,
      loss,
      metrics,
      validation: validated === null ? null : printed(validated.numbers("fit")),
      seconds: this.#seconds,
      samplesPerSecond: this.#means.samples / this.#seconds,
      ...(changes.length === 0 ? {} : { changes }),
    };
    this.#history.push(report);
    progress.epoch(report);
    this.#followed?.epoch(report, this.#step);
    const stopping = this.#earlyStopping;
    if (stopping !== null) {
      await this.#whenIdle(() => {
        if (stopping.take(report)) this.#isStopped = true;
      });
    }
    this.#noteAnswer(await this.#during("callbacks", () => callbacks.onEpoch?.(report)));
    this.#followSchedule("epoch", report);
    this.#isOver = true;
    if (this.#checkpoints === null) return;
    const isBest = this.#checkpoints.takeBest(report);
    const isDue =
      isBest || this.#isStopped || this.#epoch === epochs || this.#checkpoints.isDueAfter(report, this.#step);
    if (isDue) await this.#save(isBest);
  }

  async #runSteps(progress: Progress): Promise<void> {
    const { feed, callbacks } = this.#plan;
    const started = performance.now() - 1000 * this.#seconds;
    const clock = this.#followed?.clock;
    const recordedBefore = clock?.seconds().recording ?? 0;
    const before = clock?.turnTo("data");
    for await (const portion of feed.portions(this.#id, this.#batch, callbacks.signal)) {
      clock?.turnTo("steps");
      await this.#runPortion(portion, progress, started);
      clock?.turnTo("data");
      if (this.#isStopped) break;
    }
    if (before !== undefined) clock?.turnTo(before);
    const recorded = (clock?.seconds().recording ?? 0) - recordedBefore;
    this.#seconds = (performance.now() - started) / 1000 - recorded;
  }

  async #runPortion(
    { set, order, part, batchSize }: Portion,
    progress: Progress,
    started: number,
  ): Promise<void> {
    const { program, callbacks } = this.#plan;
    const { signal, onBatch } = callbacks;
    const { schedule, onStep, settings } = this.#plan.steps;
    const checkpoints = this.#checkpoints;
    const followed = this.#followed;
    const { steps: batches, samples } = this.#size;
    const report = (given: StepsLog): void | Promise<void> => {
      this.#means.add(given);
      this.#batch += given.steps;
      this.#step += given.steps;
      const [epoch, batch, loss] = [this.#epoch, this.#batch, lossOf(given, given.steps - 1)];
      progress.batch({ epoch, samples: this.#means.samples, of: samples, loss: this.#means.loss });
      if (followed !== null) {
        followed.steps(epoch, this.#step, lossesOf(given));
        if (followed.obey(epoch, this.#step)) this.#isStopped = true;
      }
      const told =
        onBatch === undefined
          ? undefined
          : this.#during("callbacks", () => this.#afterAnswer(onBatch({ epoch, batch, batches, loss })));
      // After the last one, the checkpoint is that of the epoch.
      const isDue = batch !== batches && checkpoints?.isDue(this.#step) === true;
      if (isDue) this.#seconds = (performance.now() - started) / 1000;
      const isLookDue = followed?.isLookDue(this.#step) === true;
      if (!isDue && !isLookDue && onStep === null && schedule?.per !== "step") return told;
      return this.#afterStep(told, { epoch, batch, batches, step: this.#step, loss }, isDue);
    };
    await runSteps({
      where: "fit",
      program: program(part),
      set,
      order,
      batchSize,
      forks: this.#forks,
      // `onBatch` may end the training or change the learning rate before the next step.
      mostSteps: () =>
        onBatch !== undefined || schedule?.per === "step"
          ? 1
          : Math.min(
              checkpoints?.mostSteps(this.#step) ?? Infinity,
              onStep === null ? Infinity : onStep.every - (this.#step % onStep.every),
              followed?.mostSteps(this.#step) ?? Infinity,
            ),
      isStopped: () => this.#isStopped,
      before: () => {
        signal?.throwIfAborted();
        checkpoints?.check();
      },
      begin: () => {
        this.#undo?.noteRun();
        if (settings.guard === true) this.#buffers = buffersOf(this.#plan.model);
      },
      failed: (error, failedRun) => this.#nonFinite(error, failedRun, part),
      report,
    });
  }

  /** The error of a step whose loss is not finite; null for another. The buffers are put back. */
  #nonFinite(error: unknown, run: FailedRun, part: number): AnomalyError | null {
    const at = nonFiniteStep(error);
    if (at === null) return null;
    const putBack = (): void => {
      for (const [buffer, before] of this.#buffers) assign(buffer, before);
    };
    putBack();
    const { model, optimizer, objective, x, settingsOf } = this.#plan;
    const again = this.#forks.again(run.executable, run.rows.length / run.batchSize, at);
    const look = { model, optimizer, objective, x, settings: settingsOf(part) };
    const origin = originOf(look, run, at, again);
    putBack();
    const [batch, step] = [this.#batch + at + 1, this.#step + at + 1];
    const { steps } = this.#size;
    const of = Number.isFinite(steps) ? ` of ${steps}` : "";
    const begins = origin === null ? "" : ` ${origin.text}.`;
    return new AnomalyError(
      `fit: the loss is NaN or infinite in epoch ${this.#epoch}, batch ${batch}${of} (step ${step}).${begins} The weights are as they were before that step. A lower learning rate, clipGradNorm, or inputs and targets scaled to about 1 usually help; detectAnomaly names the operation where it begins; nonFinite: "ignore" goes on`,
      origin?.layer ?? null,
    );
  }

  /** What follows a step after `onBatch`. */
  async #afterStep(told: void | Promise<void>, report: StepReport, isDue: boolean): Promise<void> {
    await told;
    const { onStep } = this.#plan.steps;
    if (onStep !== null && report.step % onStep.every === 0) {
      this.#noteAnswer(await this.#during("callbacks", () => onStep.run(report)));
    }
    this.#followSchedule("step", report);
    if (this.#followed?.isLookDue(report.step) === true) await this.#look();
    if (isDue && !this.#isStopped) await this.#save(false);
  }

  /** Lets the schedule go on, if it goes by this. */
  #followSchedule(per: "epoch" | "step", report: EpochReport | StepReport): void {
    const { schedule } = this.#plan.steps;
    if (schedule?.per !== per) return;
    schedule.schedule.step("metrics" in report ? figureOf(report, schedule.monitor) : report.loss);
  }

  /** Copies the state for a checkpoint. */
  #save(isBest: boolean): Promise<void> {
    return this.#during("checkpoints", () =>
      this.#whenIdle(() => this.#checkpoints?.save(this.#position(), isBest)),
    );
  }

  /** Reads or writes the model when no run of it is under way. */
  async #whenIdle(use: () => void): Promise<void> {
    await inTurn(() => specializationOf(this.#plan, this.#size), use);
  }

  /** Notes what a callback has answered. */
  #noteAnswer(answer: unknown): void {
    if (answer === "stop") this.#isStopped = true;
  }

  /** Notes what a callback answers, at once if it is nothing to wait for: a promise, or what has a `then`. */
  #afterAnswer(answer: ReturnType<Callback<never>> | undefined): void | Promise<void> {
    if (typeof answer === "object") return Promise.resolve(answer).then((one) => this.#noteAnswer(one));
    this.#noteAnswer(answer);
  }

  #position(): Position {
    const { feed, steps, splitSeed } = this.#plan;
    const { epoch, pass, seed } = this.#id;
    return {
      epoch,
      pass,
      batch: this.#batch,
      step: this.#step,
      isOver: this.#isOver,
      samples: feed.samples,
      batchSize: this.#size.batchSize,
      order: feed.order,
      seed,
      splitSeed,
      figures: this.#plan.objective.names,
      means: this.#means.state(),
      seconds: this.#seconds,
      forks: this.#forks.state(),
      validationForks: this.#validator?.forks.state() ?? null,
      history: this.#history,
      accumulate: steps.accumulate,
      dropLast: steps.dropLast,
      best: this.#earlyStopping?.state() ?? null,
    };
  }

  /** Restores what the training has changed to its values before the first run. */
  undo(): void {
    this.#undo?.undo();
  }
}

const buffersOf = (model: AnyModule): (readonly [Tensor, Tensor])[] =>
  Array.from(model.namedBuffers(), ([, buffer]) => [buffer, copyOf(buffer)]);

/** A look at the gradients runs once, and puts the buffers back, which raises their versions twice. */
const WRITES_OF_LOOK = 3;

/** The loss of one of some steps, from 0. */
function lossOf({ log, steps, layout }: StepsLog, step: number): number {
  const at = step * (log.length / steps);
  const first = log[at] as number;
  if (layout[0]?.kind === "mean") return first;
  const weight = log[at + 1] as number;
  return weight === 0 ? 0 : first / weight;
}

const lossesOf = (log: StepsLog): Float64Array =>
  Float64Array.from({ length: log.steps }, (_, step) => lossOf(log, step));

/** The program of a step. */
function specializationOf(
  { program, feed }: Plan,
  { part, batchSize }: EpochSize,
  batch = batchSize,
): Specialization {
  return program(part).specialization("fit", batch, feed.specs);
}

/** A seed that `manualSeed` decides. */
function drawnSeed(): number {
  const [low, high] = defaultGenerator
    .uniform([2], { dtype: "float64" })
    .storage.forReading() as Float64Array;
  return Math.floor((high as number) * 2 ** 21) * 2 ** 32 + Math.floor((low as number) * 2 ** 32);
}

const isAbsent = (error: unknown): boolean =>
  isInstance(error, FileError) && (error.cause as NodeJS.ErrnoException | undefined)?.code === "ENOENT";

/** The samples of the steps of an epoch, as far as they are known. */
const batchesOf = ({ samples, batchSize }: EpochSize): number[] =>
  [batchSize, samples % batchSize].filter((batch) => batch > 0);

/** Whether the data can make a step fail: an index out of range. */
function refusesData(plan: Plan, size: EpochSize, validator: Evaluator | null): boolean {
  const { objective, steps } = plan;
  const { executable } = specializationOf(plan, size);
  // The targets of these instructions have been checked.
  const isChecked = (name: string): boolean => objective.checksTargets && name.startsWith("cross_entropy");
  const all = [executable, ...(validator?.executables ?? [])].flatMap(
    ({ program: { instructions } }) => instructions,
  );
  const failing = all.filter((one) => canFail(one) && !isChecked(one.name)).length;
  // A loss that is not finite is no fault of an index in the data.
  return failing > (steps.settings.guard === true ? 1 : 0);
}

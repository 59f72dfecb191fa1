// The options of `fit` that say what is done in each step, and after it.
import { types } from "node:util";
import { ArgumentError } from "../errors.js";
import type { AnyModule } from "../nn/module.js";
import type { Optimizer } from "../optim/optimizer.js";
import type { Schedule } from "../optim/schedulers/registry.js";
import { WeightAverage } from "../optim/weight-average.js";
import {
  checkChoice,
  checkFlag,
  checkFunction,
  checkNumber,
  checkRequired,
  describe,
  isInstance,
} from "../options.js";
import type { Tensor } from "../tensor/tensor.js";
import type { AnyAugment } from "./augmentation.js";
import type { Callback } from "./fit.js";
import { type Reported, readMonitored } from "./monitor.js";
import type { StepSettings } from "./training-step.js";

/** A schedule of `optim`, and when it goes on. */
export interface ScheduleOptions {
  /** A schedule of the optimizer that is trained with. */
  readonly schedule: Schedule;
  /**
   * Whether it goes on after each epoch or after each step. After each step, `fit` comes back to JavaScript there, so
   * training is slower with it. Default: `"epoch"`.
   */
  readonly per?: "epoch" | "step";
  /**
   * The figure that `ReduceLROnPlateau` goes by, as in `earlyStopping`. Per step it is the loss of the mini-batch.
   * Default: `"validation.loss"` with a validation set, otherwise `"loss"`.
   */
  readonly monitor?: string;
}

/** The argument of `run` of `onStep`. */
export interface StepReport {
  readonly epoch: number;
  readonly batch: number;
  /** Of a stream: as many as in the epoch before, Infinity in its first epoch. */
  readonly batches: number;
  /** The steps of all epochs that are done. */
  readonly step: number;
  /** The loss of this step's mini-batch, before the step. */
  readonly loss: number;
}

/** A function to be called after some steps. */
export interface OnStepOptions {
  /** After each step whose number, from 1 through all epochs, is a multiple of this. */
  readonly every: number;
  /** `fit` waits for it. The answer `"stop"` ends the training as that of `onBatch` does. */
  readonly run: Callback<StepReport>;
}

/** Options of `fit` about steps. */
export interface StepOptions {
  /**
   * Scales the gradients before each step so that their norm, over all parameters as one vector, is at most this:
   * `optim.clipGradNorm`. Default: none.
   */
  readonly clipGradNorm?: number;
  /** Holds each element of the gradients within ± this: `optim.clipGradValue`, before `clipGradNorm`. Default: none. */
  readonly clipGradValue?: number;
  /**
   * This many mini-batches make one step, with the memory of one: their gradients are summed, each weighted by its
   * share of the samples, so that the step is that of one mini-batch of `accumulate · batchSize` samples, also where
   * the last ones are fewer. What a layer computes over a mini-batch, as BatchNorm does, it computes over each of
   * them. `onBatch` is called after each step. Default: 1.
   */
  readonly accumulate?: number;
  /** Leaves out the last mini-batch of each epoch if it is not full. Default: false. */
  readonly dropLast?: boolean;
  /** Sets the learning rate: a schedule of `optim`, which goes on after each epoch, or `ScheduleOptions`. Default: none. */
  readonly schedule?: Schedule | ScheduleOptions;
  /** Calls a function after some steps; between them the training is as fast as without. Default: none. */
  readonly onStep?: OnStepOptions;
  /**
   * Is updated after each step, in the compiled step. The model keeps its own weights: `averageWeights.copyTo()` gives
   * it the averages afterwards. Checkpoints hold it. Default: none.
   */
  readonly averageWeights?: WeightAverage;
  /**
   * Parameters that stay as they are in this training: names, as `"m0.weight"`, or of modules, as `"m0"`, or regular
   * expressions that match names. Afterwards they require gradients as before. Default: none.
   */
  readonly freeze?: readonly (string | RegExp)[];
  /**
   * What happens when the loss of a step is NaN or infinite. `"error"`: the training ends with an AnomalyError that names
   * epoch, batch and step and, in the message and as `layer`, the layer in which it begins. Parameters, optimizer and
   * averages are then what they were before that step, and the buffers, such as BatchNorm's statistics, what they were
   * before the steps that ran in one call with it, at most some 20 ms of them. `"ignore"`: the training goes on.
   * Default: `"error"`.
   */
  readonly nonFinite?: "error" | "ignore";
}

/** Names of `StepOptions`. */
export const STEP_OPTIONS = [
  "clipGradNorm",
  "clipGradValue",
  "accumulate",
  "dropLast",
  "schedule",
  "onStep",
  "averageWeights",
  "freeze",
  "nonFinite",
] as const;

/** Checked options. */
export interface StepPlan {
  readonly settings: StepSettings;
  readonly accumulate: number;
  readonly dropLast: boolean;
  readonly schedule: Required<ScheduleOptions> | null;
  readonly onStep: OnStepOptions | null;
}

/** @throws ArgumentError, OptionError */
export function readStepOptions(
  where: string,
  options: StepOptions & { readonly augment?: AnyAugment },
  optimizer: Optimizer<object>,
  reported: Reported,
): StepPlan {
  const { augment, averageWeights, onStep } = options;
  const limit = (name: "clipGradNorm" | "clipGradValue"): number | undefined =>
    options[name] === undefined ? undefined : checkNumber(where, name, options[name], { above: 0 });
  const accumulate = checkNumber(where, "accumulate", options.accumulate ?? 1, { min: 1, integer: true });
  if (augment !== undefined) checkFunction(where, "augment", augment);
  if (averageWeights !== undefined && !isInstance(averageWeights, WeightAverage)) {
    throw new ArgumentError(
      `${where}: expected averageWeights to be a WeightAverage, got ${describe(averageWeights)}`,
    );
  }
  if (onStep !== undefined) {
    checkRequired(`${where}: onStep`, onStep, ["every", "run"]);
    checkNumber(`${where}: onStep`, "every", onStep.every, { min: 1, integer: true });
    checkFunction(`${where}: onStep`, "run", onStep.run);
  }
  return {
    settings: {
      augment,
      clipGradNorm: limit("clipGradNorm"),
      clipGradValue: limit("clipGradValue"),
      average: averageWeights,
      guard: checkChoice(where, "nonFinite", options.nonFinite ?? "error", ["error", "ignore"]) === "error",
    },
    accumulate,
    dropLast: checkFlag(where, "dropLast", options.dropLast ?? false),
    schedule:
      options.schedule === undefined ? null : readSchedule(where, options.schedule, optimizer, reported),
    onStep: onStep ?? null,
  };
}

function readSchedule(
  where: string,
  given: Schedule | ScheduleOptions,
  optimizer: Optimizer<object>,
  reported: Reported,
): Required<ScheduleOptions> {
  const isOptions = typeof given === "object" && given !== null && "schedule" in given;
  if (isOptions) checkRequired(`${where}: schedule`, given, ["schedule", "per", "monitor"]);
  const { schedule, per = "epoch", monitor } = isOptions ? given : { schedule: given };
  const { step, stateDict, loadStateDict } = (schedule ?? {}) as Partial<Schedule>;
  if (![step, stateDict, loadStateDict].every((one) => typeof one === "function")) {
    throw new ArgumentError(
      `${where}: expected schedule to be a schedule of optim, or { schedule, per, monitor }, got ${describe(schedule)}`,
    );
  }
  if ((schedule.optimizer as Optimizer<object>) !== optimizer) {
    throw new ArgumentError(`${where}: expected schedule to be one of the optimizer that is trained with`);
  }
  return {
    schedule,
    per: checkChoice(`${where}: schedule`, "per", per, ["epoch", "step"]),
    monitor: readMonitored(`${where}: schedule`, monitor, reported),
  };
}

/** Freezes parameters. @returns what lets those learn again that did. @throws ArgumentError where one matches none */
export function freeze(where: string, model: AnyModule, patterns: unknown): () => void {
  if (patterns === undefined) return () => {};
  if (!Array.isArray(patterns)) {
    throw new ArgumentError(
      `${where}: expected freeze to be a list of names and regular expressions, got ${describe(patterns)}`,
    );
  }
  const named = [...model.namedParameters()];
  const frozen = new Set<Tensor>();
  for (const pattern of patterns as readonly unknown[]) {
    const found = named.filter(([name]) => matches(where, pattern, name));
    if (found.length === 0) {
      const names = named.map(([name]) => name).join(", ");
      throw new ArgumentError(
        `${where}: freeze: no parameter is named ${describe(pattern)}; there are ${names}`,
      );
    }
    for (const [, parameter] of found) if (parameter.requiresGrad) frozen.add(parameter);
  }
  for (const parameter of frozen) parameter.requiresGrad = false;
  return () => {
    for (const parameter of frozen) parameter.requiresGrad = true;
  };
}

function matches(where: string, pattern: unknown, name: string): boolean {
  if (typeof pattern === "string") return name === pattern || name.startsWith(`${pattern}.`);
  if (types.isRegExp(pattern)) return name.search(pattern) >= 0;
  throw new ArgumentError(
    `${where}: expected freeze to have names and regular expressions, one is ${describe(pattern)}`,
  );
}

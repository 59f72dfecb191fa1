// Who follows a training: what is told of it while it goes on, and what may be asked of it.

import { types } from "node:util";
import type { Forms } from "../data/dataset.js";
import type { AnyModule } from "../nn/module.js";
import type { Optimizer } from "../optim/optimizer.js";
import type { EpochReport } from "./fit.js";
import type { KeptSamples } from "./kept-samples.js";
import type { Objective } from "./objective.js";

/** What the time of a training goes into. `"data"` is the wait for a stream; `"recording"` is what followers cost. */
export const ACTIVITIES = [
  "data",
  "steps",
  "validation",
  "callbacks",
  "checkpoints",
  "recording",
  "other",
] as const;
export type Activity = (typeof ACTIVITIES)[number];

/** Seconds by activity. */
export type Seconds = Readonly<Record<Activity, number>>;

/** A short value of an option, as it was given. */
export type Fact = string | number | boolean;

/** What is known of a training before its first step. */
export interface RunFacts {
  readonly model: AnyModule;
  readonly optimizer: Optimizer<object>;
  readonly objective: Objective;
  readonly forms: Forms;
  /** Samples of the training set and of the validation set; null of a stream, undefined without validation. */
  readonly samples: { readonly training: number | null; readonly validation?: number | null };
  /** Samples of the validation set, or of the training set if there is none in memory. */
  readonly kept: KeptSamples;
  /** The options of `fit` in words. */
  readonly options: Readonly<Record<string, Fact>>;
  readonly seed: number;
  /** The number of the first epoch of this call, and of the last. */
  readonly firstEpoch: number;
  readonly epochs: number;
  readonly batchSize: number;
  /** Of an epoch; Infinity while they are not known. */
  readonly steps: number;
  /** The epochs that were done before, of a resumed training, and their steps. */
  readonly history: readonly EpochReport[];
  readonly stepsBefore: number;
}

/** Some steps that were done. */
export interface StepsDone {
  readonly epoch: number;
  /** The number of the last of them, through all epochs. */
  readonly step: number;
  /** The loss of each one's mini-batch. */
  readonly losses: Float64Array;
}

/** What is asked of a training. */
export type Command =
  | { readonly command: "stop" }
  /** Sets the learning rate of a group of the optimizer, or of all. */
  | { readonly command: "lr"; readonly value: number; readonly group: number | null };

/** How a training ended. */
export interface Outcome {
  /** `"stopped"`: before its last epoch, by a callback, `earlyStopping` or a command. */
  readonly state: "finished" | "stopped" | "aborted" | "failed";
  /** The message of the error that ended it. */
  readonly error: string | null;
  readonly seconds: Seconds;
}

/** Follows a training: a report, or a file that grows. */
export interface Follower {
  /** Called before the first step. An error that it throws ends the training. */
  begin(run: RunFacts): void | Promise<void>;
  steps(done: StepsDone): void;
  /** The norm of the gradient of each layer, before step `step` + 1. */
  gradients(step: number, norms: ReadonlyMap<string, number>): void;
  epoch(report: EpochReport, step: number, rates: readonly number[]): void;
  /** What is asked of the training. Called before each call of the engine. */
  commands?(): readonly Command[];
  /** A learning rate that was set by a command, before step `step` + 1. */
  changed?(step: number, lr: number, group: number | null): void;
  /** Called once, also if `begin` has failed. An error that it throws is a warning. */
  end(outcome: Outcome): void | Promise<void>;
}

/** All of these as one. */
export const followers = (all: readonly Follower[]): Follower => ({
  begin: (run) => eachOf(all, (one) => one.begin(run)),
  steps: (done) => {
    for (const one of all) one.steps(done);
  },
  gradients: (step, norms) => {
    for (const one of all) one.gradients(step, norms);
  },
  epoch: (report, step, rates) => {
    for (const one of all) one.epoch(report, step, rates);
  },
  commands: () => all.flatMap((one) => one.commands?.() ?? []),
  changed: (step, lr, group) => {
    for (const one of all) one.changed?.(step, lr, group);
  },
  end: (outcome) => eachOf(all, (one) => one.end(outcome)),
});

/** Runs something for each, also after one has failed. @throws the first error */
async function eachOf(all: readonly Follower[], run: (one: Follower) => void | Promise<void>): Promise<void> {
  const errors: unknown[] = [];
  for (const one of all) {
    try {
      await run(one);
    } catch (error) {
      errors.push(error);
    }
  }
  if (errors.length > 0) throw errors[0];
}

// A gradient costs about a step: one in ten at the beginning, one in a hundred later.
const SHARE = 10;
const MOST_BETWEEN = 100;

/** The step after which the gradients are looked at next, if they were looked at after step `step`. */
export const nextLook = (step: number): number =>
  step + Math.min(MOST_BETWEEN, Math.max(1, Math.floor(step / SHARE)));

/** Where the time goes. */
export class Clock {
  readonly #seconds: Record<Activity, number>;
  #activity: Activity = "other";
  #since: number;
  readonly #now: () => number;

  /** @param now gives milliseconds. */
  constructor(now: () => number) {
    this.#now = now;
    this.#since = now();
    this.#seconds = Object.fromEntries(ACTIVITIES.map((one) => [one, 0])) as Record<Activity, number>;
  }

  /** Counts the time from now on as that of an activity. @returns the one before */
  turnTo(activity: Activity): Activity {
    const [before, now] = [this.#activity, this.#now()];
    this.#seconds[before] += (now - this.#since) / 1000;
    [this.#activity, this.#since] = [activity, now];
    return before;
  }

  /** Counts the time of `run`, and of the promise that it gives, as that of an activity. */
  during<T>(activity: Activity, run: () => T): T {
    const before = this.turnTo(activity);
    let isWaitedFor = false;
    try {
      const result = run();
      if (!types.isPromise(result)) return result;
      isWaitedFor = true;
      return result.finally(() => this.turnTo(before)) as T;
    } finally {
      if (!isWaitedFor) this.turnTo(before);
    }
  }

  seconds(): Seconds {
    this.turnTo(this.#activity);
    return { ...this.#seconds };
  }
}

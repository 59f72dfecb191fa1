import { backward } from "../../autodiff/backward.js";
import { type Compiled, compile } from "../../compiler/compile.js";
import { noGrad } from "../../context/grad-mode.js";
import { write } from "../../eager/apply.js";
import { ArgumentError } from "../../errors.js";
import { isRecord, type RunParts, type Stateful } from "../../keeping/run-state.js";
import { inMode } from "../../nn/in-mode.js";
import type { Module } from "../../nn/module.js";
import { add } from "../../ops/add.js";
import { greater } from "../../ops/greater.js";
import { lerp } from "../../ops/lerp.js";
import { mul } from "../../ops/mul.js";
import { slice } from "../../ops/slice.js";
import { where } from "../../ops/where.js";
import type { Optimizer } from "../../optim/optimizer.js";
import { checkFlag, checkNumber } from "../../options.js";
import type { Generator } from "../../random/generator.js";
import type { Shape } from "../../tensor/shape.js";
import type { Tensor } from "../../tensor/tensor.js";
import { type ReplayBatch, ReplayBuffer } from "../replay-buffer.js";
import { Agent, type AgentKind, type AgentOptions, type Iteration, type Run } from "./agent.js";
import type { LearningEnvironment } from "./environments.js";
import {
  type Brought,
  type Experience,
  experienceOf,
  firstPlace,
  type Place,
  TensorExperience,
} from "./experience.js";
import { checkFigures } from "./finite.js";
import { keptTensors } from "./kept-tensors.js";
import { featureShape } from "./observed.js";
import type { NetworkOptions } from "./policy.js";
import { RunningNorm } from "./running-norm.js";
import { readSchedule, scheduled } from "./schedule.js";
import { type Figures, type Update, Updates } from "./updates.js";

/** What agents take that learn from steps of earlier policies too. */
export interface OffPolicyOptions extends AgentOptions {
  /** The last steps that are kept, of all environments together. Default: 1,000,000. */
  readonly bufferSize?: number;
  /** Steps of all environments with actions by chance before the first update. Default: 100. */
  readonly learningStarts?: number;
  /** Stored steps in an update. */
  readonly batchSize?: number;
  /** Steps of each environment between updates. */
  readonly trainEvery?: number;
  /** Updates after these steps. Default: 1. */
  readonly gradientSteps?: number;
  /** What a reward counts that comes one step later: γ in [0, 1]. Default: 0.99. */
  readonly gamma?: number;
  /** τ in (0, 1]: the share of the way that target networks go to the learnt ones, w′ ← w′ + τ·(w − w′). */
  readonly tau?: number;
  /** Learning rate of Adam. */
  readonly lr?: number;
  /** The learning rate falls to 0 over the steps of `learn`, or stays. Default: "constant". */
  readonly schedule?: "constant" | "linear";
  /** Bring observations to mean 0 and variance 1, by running means that are kept with the agent. Default: false. */
  readonly normalizeObservations?: boolean;
  /** Layers of all networks. */
  readonly network?: NetworkOptions;
}

/** The names of the options. */
const OFF_POLICY_OPTIONS: readonly string[] = [
  "bufferSize",
  "learningStarts",
  "batchSize",
  "trainEvery",
  "gradientSteps",
  "gamma",
  "tau",
  "lr",
  "schedule",
  "normalizeObservations",
  "network",
];

/** What differs between the algorithms where nothing is said. */
export interface OffPolicyStandard {
  readonly batchSize: number;
  readonly trainEvery: number;
  readonly tau: number;
  readonly lr: number;
}

/** The options with their defaults, checked. */
export interface OffPolicySettings extends OffPolicyStandard {
  readonly bufferSize: number;
  readonly learningStarts: number;
  readonly gradientSteps: number;
  readonly gamma: number;
  readonly isLinear: boolean;
}

/** Floating-point operations in one call of the engine: some 30 ms, between which a run can be ended. */
const CALL_FLOPS = 3e8;
/** What the instructions of a step cost besides, as if they were flops. */
const STEP_FLOPS = 3e5;
/** Steps and updates that are one program at most. */
const UNROLLED = 16;
const MOST_STEPS = 1024;

/** How steps and updates are cut into calls of the engine. */
interface Calls {
  /** Steps and updates of one program; null where they are calls of their own. */
  readonly cycle: { readonly steps: number; readonly updates: number; readonly most: number } | null;
  readonly mostSteps: number;
  readonly mostUpdates: number;
}

/** The parts that are made when it first learns. */
interface Machinery {
  readonly calls: Calls;
  readonly experience: TensorExperience | Experience;
  readonly updates: Updates;
  readonly cycle: Compiled<[Tensor], Tensor[]> | null;
}

/**
 * An agent that learns from a replay of the steps that it has made: `trainEvery` steps, then `gradientSteps` updates,
 * each on stored steps by chance. For an environment in ops both run in the engine, many of them in a call.
 */
export abstract class OffPolicyAgent<Observation, Action> extends Agent<Observation, Action> {
  readonly replay: ReplayBuffer;
  protected readonly settings: OffPolicySettings;
  protected readonly place: Place;
  /** The shape of an observation as networks take it. */
  protected readonly observed: Shape;
  readonly #norm: RunningNorm | null;
  #machinery: Machinery | null = null;
  /** Steps and updates of a cycle that has begun. */
  #begun = { steps: 0, updates: 0 };

  protected constructor(
    kind: AgentKind,
    environment: LearningEnvironment<Observation, Action>,
    options: OffPolicyOptions,
    standard: OffPolicyStandard,
  ) {
    super({ ...kind, options: [...OFF_POLICY_OPTIONS, ...kind.options] }, environment, options);
    const { name, head } = this;
    const { n, observationSpace } = this.environments;
    this.settings = readSettings(name, options, standard, n);
    this.observed = featureShape(name, observationSpace);
    this.place = firstPlace(n);
    const normalizes = checkFlag(name, "normalizeObservations", options.normalizeObservations ?? false);
    this.#norm = normalizes ? new RunningNorm(this.observed) : null;
    this.replay = new ReplayBuffer(this.settings.bufferSize, {
      observationShape: this.observed,
      actionShape: head.shape,
      actionDType: head.dtype,
    });
  }

  /** All networks. */
  protected abstract get networks(): Module;
  protected abstract get optimizers(): Readonly<Record<string, Optimizer<object>>>;
  /** The updates, which take turns. */
  protected abstract get updates(): readonly LearnStep[];
  /** Other tensors that are kept. */
  protected get states(): Readonly<Record<string, Tensor>> {
    return {};
  }

  /** An action for each normalized observation, or the best one without a generator. [n, …] */
  protected abstract choose(observation: Tensor, generator: Generator | null): Tensor;
  /** An action for each normalized observation while it learns. [n, …] */
  protected abstract explore(observation: Tensor, isNew: Tensor): Tensor;
  /** Actions by chance. [n, …] */
  protected abstract random(n: number): Tensor;

  protected act(observation: Tensor, generator: Generator | null): Tensor {
    return inMode(this.networks, false, () => this.choose(this.#seen(observation), generator));
  }

  #seen(observation: Tensor): Tensor {
    return this.#norm === null ? observation : this.#norm.forward(observation);
  }

  /** Stored steps by chance, with normalized observations. */
  #sample(): ReplayBatch {
    const batch = this.replay.sample(this.settings.batchSize, this.ordering);
    return noGrad(() => ({
      ...batch,
      observation: this.#seen(batch.observation),
      nextObservation: this.#seen(batch.nextObservation),
    }));
  }

  /** What updates aim at: in evaluation mode, as the policy acts, and without gradients. */
  protected aiming<T>(run: () => T): T {
    return inMode(this.networks, false, () => noGrad(run));
  }

  /** y = r + γ·V of the next observations; y = r where the episode has come to an end of its own. [batchSize] */
  protected target({ reward, terminated }: ReplayBatch, value: Tensor): Tensor {
    return add(reward, mul(where(terminated, 0, value), this.settings.gamma));
  }

  #machine(): Machinery {
    this.#machinery ??= this.#build();
    return this.#machinery;
  }

  #build(): Machinery {
    const kinds = this.updates.map(
      ({ figures, learn }): Update => ({
        figures,
        run: () => inMode(this.networks, true, () => learn(this.#sample())),
      }),
    );
    const calls = this.#cut(kinds.length);
    const updates = new Updates(kinds, calls.mostUpdates);
    const { n } = this.environments;
    const experience = experienceOf(this.environments, {
      replay: this.replay,
      head: this.head,
      place: this.place,
      norm: this.#norm,
      observed: this.observed,
      mostSteps: calls.mostSteps,
      acting: {
        random: () => this.random(n),
        explore: (observation, isNew) =>
          inMode(this.networks, false, () => this.explore(this.#seen(observation), isNew)),
      },
    });
    const cycle =
      calls.cycle !== null && experience instanceof TensorExperience
        ? compile((rows: Tensor) => this.#cycle(rows, experience, updates))
        : null;
    return { calls, experience, updates, cycle };
  }

  /** How much one call does: the same on every machine, so that an agent that is ended has learnt the same. */
  #cut(period: number): Calls {
    const { trainEvery, gradientSteps, batchSize } = this.settings;
    const { n, kind } = this.environments;
    const weights = this.networks.parameters().reduce((sum, { size }) => sum + size, 0);
    const stepFlops = STEP_FLOPS + 2 * n * weights;
    const updateFlops = STEP_FLOPS + 4 * batchSize * weights;
    const most = (flops: number): number => Math.max(1, Math.floor(CALL_FLOPS / flops));
    // Updates end with the last of a period.
    let repeats = 1;
    while ((repeats * gradientSteps) % period !== 0) repeats++;
    const [steps, made] = [repeats * trainEvery, repeats * gradientSteps];
    const isOne = kind === "tensor" && steps + made <= UNROLLED;
    const mostCycles = Math.min(most(steps * stepFlops + made * updateFlops), Math.ceil(MOST_STEPS / steps));
    const mostSteps = Math.min(MOST_STEPS, most(stepFlops));
    return {
      cycle: isOne ? { steps, updates: made, most: mostCycles } : null,
      mostSteps: isOne ? Math.max(mostSteps, steps * mostCycles) : mostSteps,
      mostUpdates: most(updateFlops),
    };
  }

  /** Steps and updates in ops. @param rows Of the log, a row for each step. */
  #cycle(rows: Tensor, experience: TensorExperience, updates: Updates): Tensor[] {
    const { trainEvery, gradientSteps } = this.settings;
    const results: Tensor[] = [];
    for (let t = 0, made = 0; t < rows.size; t++) {
      noGrad(() => experience.step(slice(rows, 0, { start: t, end: t + 1 }), "explore"));
      if ((t + 1) % trainEvery !== 0) continue;
      results.push(...updates.inOps(gradientSteps, made));
      made += gradientSteps;
    }
    return results;
  }

  protected async begin(): Promise<void> {
    await this.#machine().experience.reset();
  }

  protected async iterate({ left, progress, signal }: Run): Promise<Iteration> {
    const { lr, isLinear } = this.settings;
    if (isLinear) {
      for (const optimizer of Object.values(this.optimizers))
        optimizer.lr = scheduled(lr, isLinear, progress);
    }
    const { calls, experience, updates, cycle } = this.#machine();
    const { n } = this.environments;
    const { trainEvery, gradientSteps, learningStarts } = this.settings;
    const begun = this.#begun;
    const until = (steps: number): number => Math.ceil(steps / n);
    if (begun.steps === 0 && this.steps < learningStarts) {
      const most = Math.min(calls.mostSteps, until(Math.min(left, learningStarts - this.steps)));
      return this.#counted(await experience.collect(most, "random", signal), null);
    }
    if (calls.cycle !== null && cycle !== null && experience instanceof TensorExperience) {
      const { steps, updates: made, most } = calls.cycle;
      const count = Math.min(most, Math.ceil(until(left) / steps));
      const log = await cycle.loopAsync([experience.rows], experience.firstRows(count * steps), steps);
      const figures = updates.figuresOf(log, made);
      checkFigures(this.name, figures);
      return this.#counted(experience.brought(count * steps), figures);
    }
    if (begun.steps < trainEvery) {
      const count = Math.min(calls.mostSteps, trainEvery - begun.steps);
      const brought = await experience.collect(count, "explore", signal);
      const before = this.steps + begun.steps * n;
      begun.steps += brought.reward.length / n;
      return { steps: 0, episodes: this.#ended(brought, before), figures: null };
    }
    const { count, figures } = await updates.make(gradientSteps - begun.updates);
    begun.updates += count;
    checkFigures(this.name, figures);
    if (begun.updates < gradientSteps) return { steps: 0, episodes: [], figures };
    // Steps count when all is learnt of them.
    this.#begun = { steps: 0, updates: 0 };
    return { steps: begun.steps * n, episodes: [], figures };
  }

  #counted(brought: Brought, figures: Figures | null): Iteration {
    return { steps: brought.reward.length, episodes: this.#ended(brought, this.steps), figures };
  }

  #ended({ reward, terminated, truncated }: Brought, before: number): Iteration["episodes"] {
    return this.seen.take(reward, terminated, truncated, before);
  }

  protected get kept(): RunParts {
    const { made, isNew } = this.place;
    return {
      model: this.networks,
      parts: {
        ...this.optimizers,
        replay: this.replay,
        ...(this.#norm === null ? {} : { norm: this.#norm }),
        states: keptTensors(`${this.name}.loadStateDict`, { made, isNew, ...this.states }),
        cycle: this.#cycleCounts,
      },
    };
  }

  /** How far a cycle of steps and updates is. */
  readonly #cycleCounts: Stateful = {
    stateDict: () => ({ ...this.#begun, made: this.#machine().updates.count }),
    loadStateDict: (state: unknown) => {
      const where = `${this.name}.loadStateDict`;
      if (!isRecord(state)) throw new ArgumentError(`${where}: the state has no counts of updates`);
      const count = (name: string): number =>
        checkNumber(where, `the count of ${name}`, state[name], { min: 0, integer: true });
      const [steps, updates, made] = ["steps", "updates", "made"].map(count) as [number, number, number];
      this.#begun = { steps, updates };
      this.#machine().updates.count = made;
    },
  };

  explain(): string {
    const { experience, updates } = this.#machine();
    const { n, kind } = this.environments;
    const where = kind === "tensor" ? "in the engine" : "in JavaScript, whose policy is this program";
    return [
      `${this.name}: a step of ${n} environments ${where}\n${experience.explain()}`,
      `Updates, ${this.settings.batchSize} stored steps each\n${updates.explain()}`,
    ].join("\n\n");
  }
}

/** How the networks learn from stored steps. */
export interface LearnStep {
  /** The names of what it gives. */
  readonly figures: readonly string[];
  /** Moves the networks, and gives a number for each figure, []. */
  learn(batch: ReplayBatch): Tensor[];
}

/** A step of an optimizer along the gradient of a loss. In ops. */
export function descend(optimizer: Optimizer<object>, loss: Tensor): void {
  optimizer.zeroGrad();
  backward(loss);
  optimizer.step();
}

/**
 * Moves target networks a share of the way to the learnt ones: w′ ← w′ + τ·(w − w′). Buffers, as the running statistics
 * of `BatchNorm1d`, become those of the learnt ones unless τ is 0. In ops.
 */
export function follow(target: Module, online: Module, tau: number | Tensor): void {
  noGrad(() => {
    const learnt = online.parameters();
    target.parameters().forEach((w, i) => {
      write("target", w, lerp(w, learnt[i] as Tensor, tau));
    });
    const statistics = Array.from(online.namedBuffers(), ([, buffer]) => buffer);
    Array.from(target.namedBuffers()).forEach(([, own], i) => {
      const source = statistics[i] as Tensor;
      write("target", own, typeof tau === "number" ? source : where(greater(tau, 0), source, own));
    });
  });
}

function readSettings(
  where: string,
  options: OffPolicyOptions,
  standard: OffPolicyStandard,
  n: number,
): OffPolicySettings {
  const whole = (name: keyof OffPolicySettings, value: number, min: number): number =>
    checkNumber(where, name, value, { min, integer: true });
  return {
    bufferSize: whole("bufferSize", options.bufferSize ?? 1_000_000, n),
    learningStarts: whole("learningStarts", options.learningStarts ?? 100, 0),
    batchSize: whole("batchSize", options.batchSize ?? standard.batchSize, 1),
    trainEvery: whole("trainEvery", options.trainEvery ?? standard.trainEvery, 1),
    gradientSteps: whole("gradientSteps", options.gradientSteps ?? 1, 1),
    gamma: checkNumber(where, "gamma", options.gamma ?? 0.99, { min: 0, max: 1 }),
    tau: checkNumber(where, "tau", options.tau ?? standard.tau, { above: 0, max: 1 }),
    lr: checkNumber(where, "lr", options.lr ?? standard.lr, { min: 0 }),
    isLinear: readSchedule(where, "schedule", options.schedule),
  };
}

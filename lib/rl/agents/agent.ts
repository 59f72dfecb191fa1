import { compile } from "../../compiler/compile.js";
import { noGrad } from "../../context/grad-mode.js";
import { fork } from "../../context/trace.js";
import { assign } from "../../eager/apply.js";
import { ArgumentError, BusyError } from "../../errors.js";
import type { FilePath } from "../../files/path.js";
import {
  differences,
  isRunState,
  putState,
  type RunParts,
  type RunState,
  type Stateful,
  stateOf,
} from "../../keeping/run-state.js";
import { saveState } from "../../keeping/state.js";
import { Module } from "../../nn/module.js";
import { checkFlag, checkNumber, checkOptions, describe, isInstance } from "../../options.js";
import { defaultGenerator, Generator } from "../../random/generator.js";
import { zeros } from "../../tensor/create.js";
import type { Tensor } from "../../tensor/tensor.js";
import { giveWay } from "../../train/turn.js";
import { encodeObservation } from "../encode.js";
import type { Space } from "../space.js";
import { type ActionHead, actionHead } from "./action-head.js";
import { type Counts, readCounts, textOfSpaces } from "./counts.js";
import { drawSeed, type Environments, type LearningEnvironment, openEnvironments } from "./environments.js";
import { type EpisodeReport, Episodes } from "./episodes.js";
import { checkEvaluateOptions, type EvaluateOptions, type Evaluation, evaluate } from "./evaluate.js";
import { type Follower, openBoard, openProgress, RunningReturn } from "./follow.js";
import { type LearnOptions, type LearnResult, readLearn, tell } from "./learn-options.js";
import { featureShape } from "./observed.js";

/** What every agent takes. */
export interface AgentOptions {
  /** How many copies of the environment step together. */
  readonly environments?: number;
  /** Of weights, actions, first states, and orders: the same seed gives the same agent, to the bit. Default: 0. */
  readonly seed?: number;
}

/** A call of `learn`, as an algorithm sees it. */
export interface Run {
  /** The share of the steps that is done, in [0, 1). */
  readonly progress: number;
  /** Steps of all environments that are still to be made. */
  readonly left: number;
  readonly signal: AbortSignal | undefined;
}

/** A part of learning: some steps and what was learnt of them. */
export interface Iteration {
  /** Steps of all environments in it. */
  readonly steps: number;
  readonly episodes: readonly EpisodeReport[];
  /** null where nothing was learnt yet. */
  readonly figures: Readonly<Record<string, number>> | null;
}

export interface PredictOptions {
  /** The most probable action, or one by chance. Default: true. */
  readonly deterministic?: boolean;
}

const AGENT_OPTIONS: readonly string[] = ["environments", "seed"];

/** What stands where an agent's options are read. */
export interface AgentKind {
  readonly name: string;
  /** Copies of the environment where none are asked for. */
  readonly environments: number;
  /** The names of its own options. */
  readonly options: readonly string[];
  /** The head of its policy for a space of actions. Default: `actionHead`. */
  readonly head?: (space: Space) => ActionHead;
}

/** The options that a file can hold. */
const plainOptions = (options: object): Readonly<Record<string, unknown>> =>
  Object.fromEntries(
    Object.entries(options).filter(
      ([, value]) => value !== undefined && typeof value !== "function" && !isInstance(value, Module),
    ),
  );

/**
 * An agent: it learns which actions bring rewards in an environment, of which it knows nothing but what it sees.
 */
export abstract class Agent<Observation = unknown, Action = unknown> {
  readonly name: string;
  protected readonly environments: Environments;
  protected readonly head: ActionHead;
  protected readonly seed: number;
  /** Draws actions. */
  protected readonly acting: Generator;
  /** Draws what is learnt next. */
  protected readonly ordering: Generator;
  protected readonly seen: Episodes;
  readonly #current: Tensor;
  readonly #given: LearningEnvironment;
  readonly #options: Readonly<Record<string, unknown>>;
  #steps = 0;
  #isLearning = false;
  /** What uses the networks and environments now; null also while callbacks of `learn` are awaited. */
  #running: "learn" | "evaluate" | null = null;
  #hasBegun = false;
  #programs: Record<"mode" | "sample", (observation: Tensor) => Tensor> | null = null;

  protected constructor(
    kind: AgentKind,
    environment: LearningEnvironment<Observation, Action>,
    options: AgentOptions,
  ) {
    this.name = kind.name;
    checkOptions(kind.name, options, [...AGENT_OPTIONS, ...kind.options]);
    this.#options = plainOptions(options);
    this.seed = checkNumber(kind.name, "seed", options.seed ?? 0, { min: 0, integer: true });
    const root = new Generator(this.seed);
    this.acting = root[fork]();
    this.ordering = root[fork]();
    this.#given = environment as LearningEnvironment;
    this.environments = openEnvironments(kind.name, this.#given, {
      count: options.environments,
      standard: kind.environments,
      // Another stream than that of the actions.
      seed: drawSeed(root),
    });
    const { n, observationSpace, actionSpace } = this.environments;
    this.head = kind.head?.(actionSpace) ?? actionHead(kind.name, actionSpace);
    this.seen = new Episodes(n);
    this.#current = zeros([1, ...featureShape(kind.name, observationSpace)]);
  }

  get observationSpace(): Space<Observation> {
    return this.environments.observationSpace as Space<Observation>;
  }

  get actionSpace(): Space<Action> {
    return this.environments.actionSpace as Space<Action>;
  }

  /** Steps of all environments so far, over all calls of `learn`. */
  get steps(): number {
    return this.#steps;
  }

  /** Episodes that have ended so far. */
  get episodes(): number {
    return this.seen.count;
  }

  /** Actions for observations, in ops: stored actions, [n, …]. */
  protected abstract act(observation: Tensor, generator: Generator | null): Tensor;
  /** Begins all episodes anew. */
  protected abstract begin(): void | Promise<void>;
  /** Makes steps and learns of them. */
  protected abstract iterate(run: Run): Promise<Iteration>;
  /** What of the algorithm is kept, beside what every agent keeps. */
  protected abstract get kept(): RunParts;
  /** The programs of its learning as text: what is computed where, on which shapes, by which threads. */
  abstract explain(): string;

  /**
   * Learns. Rollouts and updates run on the engine's own thread, so the event loop goes on.
   * @throws OptionError, ArgumentError; BusyError while it learns or plays already, also where a callback has begun an
   *   `evaluate` and not waited for it; EnvironmentError where an environment breaks its contract: the message names the
   *   step, and the agent can go on learning.
   */
  async learn(options: LearnOptions): Promise<LearnResult> {
    const where = `${this.name}.learn`;
    const read = readLearn(where, options);
    this.#checkIdle(where);
    this.#isLearning = true;
    try {
      return await this.#alone(where, "learn", () => this.#learn(where, read));
    } finally {
      this.#isLearning = false;
    }
  }

  async #learn(
    where: string,
    { steps, signal, callbacks, ...shown }: ReturnType<typeof readLearn>,
  ): Promise<LearnResult> {
    const last = new RunningReturn();
    const followers: Follower[] = [];
    try {
      if (shown.progress) followers.push(await openProgress(this.name, this.#steps, steps));
      if (shown.tensorBoard !== undefined) followers.push(await openBoard(shown.tensorBoard));
      let goesOn = true;
      while (goesOn && this.#steps < steps) {
        signal?.throwIfAborted();
        const iteration = await this.#iterate({
          progress: this.#steps / steps,
          left: steps - this.#steps,
          signal,
        });
        for (const report of iteration.episodes) {
          last.add(report.return);
          for (const one of followers) one.episode(report);
        }
        for (const one of followers) one.update(this.#steps, iteration.figures);
        this.#running = null;
        goesOn = await tell(callbacks, this.#steps, iteration);
        this.#takeOver(where, "learn");
        await giveWay();
      }
    } finally {
      for (const one of followers) await one.close();
    }
    return { steps: this.#steps, episodes: this.episodes, meanReturn: last.mean };
  }

  /** @throws BusyError while the agent learns, also in callbacks, or plays. */
  #checkIdle(where: string): void {
    if (this.#isLearning || this.#running !== null) this.#refuse(where);
  }

  #refuse(where: string): never {
    const what = this.#running === "evaluate" ? "playing" : "learning";
    throw new BusyError(`${where}: the agent is ${what} already; wait for that call to end`);
  }

  #takeOver(where: string, who: "learn" | "evaluate"): void {
    if (this.#running !== null) this.#refuse(where);
    this.#running = who;
  }

  async #alone<T>(where: string, who: "learn" | "evaluate", run: () => Promise<T>): Promise<T> {
    this.#takeOver(where, who);
    try {
      return await run();
    } finally {
      // A callback may have begun an evaluation that goes on.
      if (this.#running === who) this.#running = null;
    }
  }

  async #iterate(run: Run): Promise<Iteration> {
    try {
      if (!this.#hasBegun) {
        await this.begin();
        this.seen.reset();
      }
      this.#hasBegun = true;
      const iteration = await this.iterate(run);
      this.#steps += iteration.steps;
      return iteration;
    } catch (error) {
      // The episodes are somewhere in the middle.
      this.#hasBegun = false;
      throw error;
    }
  }

  /**
   * The action for an observation, as the environment takes it.
   * @throws ArgumentError for an observation that is not in `observationSpace`; BusyError while the agent learns
   */
  predict(observation: Observation, options: PredictOptions = {}): Action {
    const where = `${this.name}.predict`;
    checkOptions(where, options, ["deterministic"]);
    const isMode = checkFlag(where, "deterministic", options.deterministic ?? true);
    if (!this.observationSpace.contains(observation)) {
      throw new ArgumentError(
        `${where}: expected an observation of ${this.observationSpace}, got ${describe(observation)}`,
      );
    }
    this.#programs ??= {
      mode: compile((x: Tensor) => noGrad(() => this.act(x, null))),
      sample: compile((x: Tensor) => noGrad(() => this.act(x, this.acting))),
    };
    const values = this.#current.storage.forWriting() as Float32Array;
    encodeObservation(this.observationSpace, observation, values, 0);
    const action = this.#programs[isMode ? "mode" : "sample"](this.#current);
    return this.head.toMembers(action.storage.forReading())[0] as Action;
  }

  /**
   * Networks, optimizers, buffers, generators, counts, and where the environments are, if they are in ops. Tensors are
   * over the agent's own memory.
   */
  stateDict(): RunState {
    return stateOf(this.#parts());
  }

  /**
   * Takes over the state of another agent of this kind, all or nothing. It learns on as that one would have, to the bit,
   * if its environments are in ops; environments in JavaScript begin new episodes.
   * @throws ArgumentError that names what does not fit; BusyError while the agent learns or plays
   */
  loadStateDict(state: RunState): void {
    const where = `${this.name}.loadStateDict`;
    this.#checkIdle(where);
    if (!isRunState(state)) {
      throw new ArgumentError(`${where}: expected the state of an agent, got ${describe(state)}`);
    }
    const parts = this.#parts();
    const found = differences(state, parts, true);
    if (found.length > 0) throw new ArgumentError(`${where}: the state does not fit: ${found.join("; ")}`);
    // The library's default generator is the caller's.
    const others = { ...state.generators, default: defaultGenerator.getState() };
    putState(where, { ...state, generators: others }, parts);
  }

  #parts(): RunParts {
    const { generators = [], parts, ...kept } = this.kept;
    const { environments } = this;
    const own = environments.kind === "tensor" ? [environments.environment.generator] : [];
    return {
      ...kept,
      generators: [this.acting, this.ordering, ...own, ...generators],
      parts: { ...parts, agent: this.#counts },
    };
  }

  /** Where the agent and its environments are. */
  readonly #counts: Stateful = {
    stateDict: (): Counts => {
      const { environments, seen } = this;
      const isKept = environments.kind === "tensor" && this.#hasBegun;
      return {
        name: this.name,
        spaces: textOfSpaces(environments),
        steps: this.#steps,
        episodes: seen.count,
        returns: seen.returns.slice(),
        lengths: seen.lengths.slice(),
        environments: isKept ? [...environments.environment.state, environments.environment.steps] : null,
      };
    },
    loadStateDict: (state: unknown) => {
      const { environments, seen } = this;
      const counts = readCounts(`${this.name}.loadStateDict`, state, this.name, environments);
      this.#steps = counts.steps;
      if (counts.environments === null) this.#beginAnew();
      else this.#hasBegun = true;
      seen.count = counts.episodes;
      seen.returns.set(counts.returns);
      seen.lengths.set(counts.lengths);
      if (environments.kind !== "tensor" || counts.environments === null) return;
      const { state: own, steps } = environments.environment;
      [...own, steps].forEach((target, i) => {
        assign(target, counts.environments?.[i] as Tensor);
      });
    },
  };

  /**
   * Writes the agent to a file: its options, and its state as `stateDict` gives it. `load` makes the same agent. It is
   * copied and written as `saveCheckpoint` does it, also in the callbacks of `learn`.
   * @throws FileError if it cannot be written: the file from before stays; BusyError
   * @example
   * const agent = new PPO(new CartPole());
   * await agent.save("agent.safetensors");
   * const same = await PPO.load("agent.safetensors", new CartPole());
   */
  async save(path: FilePath): Promise<void> {
    await saveState(path, { agent: this.name, options: this.#options, state: this.stateDict() });
  }

  /**
   * Plays episodes without learning. An environment in JavaScript that was not given as a function is played in itself:
   * its episodes begin anew when the agent learns on.
   * @throws ArgumentError, OptionError; BusyError while the agent learns, but for the callbacks of `learn`, or plays;
   *   EnvironmentError
   */
  async evaluate(options: EvaluateOptions = {}): Promise<Evaluation> {
    const where = `${this.name}.evaluate`;
    const isOwn = this.#isOwn(checkEvaluateOptions(where, options).environment);
    const act = (observation: Tensor, generator: Generator | null): Tensor =>
      this.act(observation, generator);
    const player = { own: this.#given, spaces: this.environments, head: this.head, act };
    return await this.#alone(where, "evaluate", async () => {
      try {
        return await evaluate(where, player, options);
      } finally {
        if (isOwn) this.#beginAnew();
      }
    });
  }

  /**
   * Closes the environments that were made by a given function; the agent can then only predict, be kept, and play in
   * others. Environments that were given stay open.
   * @throws BusyError while the agent learns or plays
   */
  async close(): Promise<void> {
    this.#checkIdle(`${this.name}.close`);
    await this.environments.close();
  }

  /** Whether an evaluation there plays in the environments that the agent learns from. */
  #isOwn(environment: LearningEnvironment | undefined): boolean {
    const { kind, environment: own } = this.environments;
    if (kind === "tensor") return environment === own;
    return typeof this.#given !== "function" && (environment ?? this.#given) === this.#given;
  }

  /** New episodes. In JavaScript they have other numbers than those that were learnt from. */
  #beginAnew(): void {
    this.#hasBegun = false;
    if (this.environments.kind !== "vector") return;
    const { environment, seed } = this.environments;
    environment.seed = this.#steps === 0 ? seed : drawSeed(new Generator(seed + this.#steps));
  }
}

import { compile } from "../../compiler/compile.js";
import { noGrad } from "../../context/grad-mode.js";
import { fork } from "../../context/trace.js";
import { ArgumentError, BusyError } from "../../errors.js";
import {
  checkFlag,
  checkFunction,
  checkNumber,
  checkOptions,
  checkRequired,
  checkSignal,
  describe,
} from "../../options.js";
import { Generator } from "../../random/generator.js";
import { zeros } from "../../tensor/create.js";
import type { Tensor } from "../../tensor/tensor.js";
import { giveWay } from "../../train/turn.js";
import { encodeObservation } from "../encode.js";
import type { Space } from "../space.js";
import { type ActionHead, actionHead } from "./action-head.js";
import { type Environments, type LearningEnvironment, openEnvironments } from "./environments.js";
import { type EpisodeReport, Episodes } from "./episodes.js";
import { type EvaluateOptions, type Evaluation, evaluate } from "./evaluate.js";
import { featureShape } from "./observed.js";

/** What every agent takes. */
export interface AgentOptions {
  /** How many copies of the environment step together. */
  readonly environments?: number;
  /** Of weights, actions, first states, and orders: the same seed gives the same agent, to the bit. Default: 0. */
  readonly seed?: number;
}

/** How long an agent learns, and who follows it. */
export interface LearnOptions {
  /**
   * The agent learns until its environments have made this many steps, all together, over all calls of `learn`. A call
   * that was ended is taken up again by the same call.
   */
  readonly steps: number;
  /** Ends the call between two steps; the promise is rejected with the signal's reason. */
  readonly signal?: AbortSignal;
  /** Called for each episode that has ended. `learn` waits for it. One that returns `"stop"` ends the call. */
  readonly onEpisode?: (report: EpisodeReport) => unknown;
  /** Called after each update. `learn` waits for it. One that returns `"stop"` ends the call. */
  readonly onUpdate?: (report: UpdateReport) => unknown;
}

export interface UpdateReport {
  /** Steps of all environments so far. */
  readonly steps: number;
  /** Losses, entropies and the like, by name. */
  readonly figures: Readonly<Record<string, number>>;
}

/** What `learn` gives. */
export interface LearnResult {
  /** Steps of all environments, and episodes that have ended, over all calls. */
  readonly steps: number;
  readonly episodes: number;
  /** The mean return of the last 100 episodes of this call; NaN without any. */
  readonly meanReturn: number;
}

/** A call of `learn`, as an algorithm sees it. */
export interface Run {
  /** The share of the steps that is done, in [0, 1). */
  readonly progress: number;
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
const LEARN_OPTIONS: readonly string[] = ["steps", "signal", "onEpisode", "onUpdate"];
const MEAN_OF = 100;

/** What stands where an agent's options are read. */
export interface AgentKind {
  readonly name: string;
  /** Copies of the environment where none are asked for. */
  readonly environments: number;
  /** The names of its own options. */
  readonly options: readonly string[];
}

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
  #steps = 0;
  #isLearning = false;
  #hasBegun = false;
  #programs: Record<"mode" | "sample", (observation: Tensor) => Tensor> | null = null;

  protected constructor(
    kind: AgentKind,
    environment: LearningEnvironment<Observation, Action>,
    options: AgentOptions,
  ) {
    this.name = kind.name;
    checkOptions(kind.name, options, [...AGENT_OPTIONS, ...kind.options]);
    this.seed = checkNumber(kind.name, "seed", options.seed ?? 0, { min: 0, integer: true });
    const root = new Generator(this.seed);
    this.acting = root[fork]();
    this.ordering = root[fork]();
    this.#given = environment as LearningEnvironment;
    this.environments = openEnvironments(kind.name, this.#given, {
      count: options.environments,
      standard: kind.environments,
      // Another stream than that of the actions.
      seed: Math.floor(2 ** 31 * root.uniform([1], { dtype: "float64" }).item()),
    });
    const { n, observationSpace, actionSpace } = this.environments;
    this.head = actionHead(kind.name, actionSpace);
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
  /** The programs of its learning as text: what is computed where, on which shapes, by which threads. */
  abstract explain(): string;

  /**
   * Learns. Rollouts and updates run on the engine's own thread, so the event loop goes on.
   * @throws OptionError, ArgumentError; BusyError while it learns already; EnvironmentError where an environment breaks
   *   its contract: the message names the step, and the agent can go on learning.
   */
  async learn(options: LearnOptions): Promise<LearnResult> {
    const where = `${this.name}.learn`;
    checkRequired(where, options, LEARN_OPTIONS);
    const { steps, signal, onEpisode, onUpdate } = options;
    checkNumber(where, "steps", steps, { min: 0, integer: true });
    if (signal !== undefined) checkSignal(where, signal);
    if (onEpisode !== undefined) checkFunction(where, "onEpisode", onEpisode);
    if (onUpdate !== undefined) checkFunction(where, "onUpdate", onUpdate);
    if (this.#isLearning)
      throw new BusyError(`${where}: the agent is learning already; wait for that call to end`);
    this.#isLearning = true;
    const last: number[] = [];
    try {
      let goesOn = true;
      while (goesOn && this.#steps < steps) {
        signal?.throwIfAborted();
        const { episodes, figures } = await this.#iterate({ progress: this.#steps / steps, signal });
        for (const report of episodes) {
          last.push(report.return);
          if (last.length > MEAN_OF) last.shift();
          if ((await onEpisode?.(report)) === "stop") goesOn = false;
        }
        if (figures !== null && (await onUpdate?.({ steps: this.#steps, figures })) === "stop")
          goesOn = false;
        await giveWay();
      }
    } finally {
      this.#isLearning = false;
    }
    const meanReturn = last.reduce((sum, one) => sum + one, 0) / last.length;
    return { steps: this.#steps, episodes: this.episodes, meanReturn };
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
   * Plays episodes without learning.
   * @throws ArgumentError, OptionError; BusyError while the agent learns; EnvironmentError
   */
  evaluate(options: EvaluateOptions = {}): Promise<Evaluation> {
    return evaluate(
      this.name,
      {
        own: this.#given,
        head: this.head,
        act: (observation, generator) => this.act(observation, generator),
      },
      options,
    );
  }
}

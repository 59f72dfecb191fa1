import { type Compiled, compile } from "../../compiler/compile.js";
import { noGrad } from "../../context/grad-mode.js";
import type { RunParts } from "../../keeping/run-state.js";
import type { Module } from "../../nn/module.js";
import { slice } from "../../ops/slice.js";
import type { Optimizer } from "../../optim/optimizer.js";
import { checkChoice, checkFlag, checkNumber } from "../../options.js";
import type { Generator } from "../../random/generator.js";
import { zeros } from "../../tensor/create.js";
import type { Shape } from "../../tensor/shape.js";
import type { Tensor } from "../../tensor/tensor.js";
import { generalizedAdvantages } from "./advantages.js";
import { Agent, type AgentKind, type AgentOptions, type Iteration, type Run } from "./agent.js";
import type { LearningEnvironment } from "./environments.js";
import { featureShape } from "./observed.js";
import {
  ActorCritic,
  checkModule,
  fullyConnected,
  type Layers,
  type NetworkOptions,
  readLayers,
  withWeightsOf,
} from "./policy.js";
import { RewardScale } from "./reward-scale.js";
import { type Collector, collectorOf, emptyRollout, type Rollout } from "./rollout.js";
import { RunningNorm } from "./running-norm.js";

/** What agents take that learn from what their present policy does. */
export interface OnPolicyOptions extends AgentOptions {
  /** Steps of each environment between two updates. */
  readonly rolloutSteps?: number;
  /** What a reward counts that comes one step later: γ in [0, 1]. Default: 0.99. */
  readonly gamma?: number;
  /** λ of generalized advantage estimation in [0, 1]: 0 trusts the critic, 1 the rewards. */
  readonly gaeLambda?: number;
  readonly lr?: number;
  /** The learning rate falls to 0 over the steps of `learn`, or stays. Default: "constant". */
  readonly schedule?: "constant" | "linear";
  /** Weight of the entropy, which keeps the policy trying. Default: 0. */
  readonly entropyCoefficient?: number;
  /** Weight of the critic's loss. Default: 0.5. */
  readonly valueCoefficient?: number;
  /** Longer gradients are shortened to this norm. Default: 0.5. */
  readonly maxGradNorm?: number;
  /** Bring the advantages of a mini-batch to mean 0 and deviation 1. */
  readonly normalizeAdvantages?: boolean;
  /** Bring observations to mean 0 and variance 1, by running means that are kept with the agent. Default: false. */
  readonly normalizeObservations?: boolean;
  /** Divide rewards by the running deviation of the returns. Default: false. */
  readonly normalizeRewards?: boolean;
  /** Layers of actor and critic. Default: two hidden layers of 64 units, tanh. */
  readonly network?: NetworkOptions;
  /** A network of one's own from observations [n, …] to what the distribution of actions needs, [n, outputs]. */
  readonly actor?: Module;
  /** A network of one's own from observations [n, …] to their values, [n, 1]. */
  readonly critic?: Module;
  /** The first logarithm of the standard deviation of actions in a `Box`. Default: 0. */
  readonly logStd?: number;
}

/** The names of the options. */
export const ON_POLICY_OPTIONS: readonly string[] = [
  "rolloutSteps",
  "gamma",
  "gaeLambda",
  "lr",
  "schedule",
  "entropyCoefficient",
  "valueCoefficient",
  "maxGradNorm",
  "normalizeAdvantages",
  "normalizeObservations",
  "normalizeRewards",
  "network",
  "actor",
  "critic",
  "logStd",
];

/** The options with their defaults, checked. */
export interface OnPolicySettings {
  readonly rolloutSteps: number;
  readonly gamma: number;
  readonly gaeLambda: number;
  readonly lr: number;
  readonly isLinear: boolean;
  readonly entropyCoefficient: number;
  readonly valueCoefficient: number;
  readonly maxGradNorm: number;
  readonly normalizeAdvantages: boolean;
}

/** What differs between the algorithms where nothing is said. */
export interface OnPolicyStandard {
  readonly rolloutSteps: number;
  readonly gaeLambda: number;
  readonly lr: number;
  readonly normalizeAdvantages: boolean;
}

const LAYERS: Layers = { hidden: [64, 64], activation: "tanh" };

/** A rollout with what its update needs; each tensor is [steps·n, …]. */
export interface Batch {
  readonly observation: Tensor;
  readonly action: Tensor;
  readonly logProb: Tensor;
  readonly value: Tensor;
  readonly advantage: Tensor;
  readonly returns: Tensor;
}

/**
 * An agent with an actor and a critic that learns from rollouts of its present policy: some steps, the advantages of
 * what was done over what the critic expected, then an update.
 */
export abstract class OnPolicyAgent<Observation, Action> extends Agent<Observation, Action> {
  readonly policy: ActorCritic;
  protected readonly settings: OnPolicySettings;
  readonly #rollout: Rollout;
  readonly #batch: Batch;
  readonly #collector: Collector;
  readonly #rewardScale: RewardScale | null;
  readonly #valueOf: Compiled<[Tensor], Tensor>;
  readonly #judge: Compiled<[Tensor, Tensor], { value: Tensor; logProb: Tensor }>;
  readonly #note: Compiled<[Tensor], void> | null;

  protected constructor(
    kind: AgentKind,
    environment: LearningEnvironment<Observation, Action>,
    options: OnPolicyOptions,
    standard: OnPolicyStandard,
  ) {
    super({ ...kind, options: [...ON_POLICY_OPTIONS, ...kind.options] }, environment, options);
    this.settings = readSettings(kind.name, options, standard);
    const { n, observationSpace } = this.environments;
    const observed = featureShape(kind.name, observationSpace);
    this.policy = this.#makePolicy(observed, options);
    const { rolloutSteps, gamma } = this.settings;
    this.#rollout = emptyRollout(rolloutSteps, n, observed, this.head);
    this.#batch = this.#emptyBatch(observed);
    const act = (observation: Tensor): Tensor => this.act(observation, this.acting);
    this.#collector = collectorOf(this.environments, this.#rollout, this.head, act);
    const scales = checkFlag(kind.name, "normalizeRewards", options.normalizeRewards ?? false);
    this.#rewardScale = scales ? new RewardScale(n, gamma) : null;
    this.#valueOf = compile((observation: Tensor) => noGrad(() => this.policy.value(observation)));
    this.#judge = compile((observation: Tensor, action: Tensor) =>
      noGrad(() => {
        const { policy, value } = this.policy.judge(observation);
        return { value, logProb: policy.logProb(action) };
      }),
    );
    const { norm } = this.policy;
    this.#note = norm === null ? null : compile((observation: Tensor) => norm.update(observation));
  }

  #makePolicy(observed: Shape, options: OnPolicyOptions): ActorCritic {
    const { name, head } = this;
    const layers = readLayers(name, options.network, LAYERS);
    const logStd = checkNumber(name, "logStd", options.logStd ?? 0);
    const normalizes = checkFlag(name, "normalizeObservations", options.normalizeObservations ?? false);
    return withWeightsOf(
      this.seed,
      () =>
        new ActorCritic(head, {
          actor:
            options.actor === undefined
              ? fullyConnected(observed, layers, head.outputs, 0.01)
              : checkModule(name, "actor", options.actor),
          critic:
            options.critic === undefined
              ? fullyConnected(observed, layers, 1, 1)
              : checkModule(name, "critic", options.critic),
          norm: normalizes ? new RunningNorm(observed) : null,
          logStd,
        }),
    );
  }

  #emptyBatch(observed: Shape): Batch {
    const { steps, n, observation, action } = this.#rollout;
    const size = steps * n;
    return {
      observation: observation.reshape([size, ...observed]),
      action: action.reshape([size, ...this.head.shape]),
      logProb: zeros([size]),
      value: zeros([size]),
      advantage: zeros([size]),
      returns: zeros([size]),
    };
  }

  protected act(observation: Tensor, generator: Generator | null): Tensor {
    const distribution = this.policy.distribution(observation);
    return generator === null ? distribution.mode : distribution.sample(generator);
  }

  protected async begin(): Promise<void> {
    await this.#collector.reset();
    this.#rewardScale?.reset();
  }

  /** Learns from a rollout. */
  protected abstract update(batch: Batch, run: Run): Promise<Readonly<Record<string, number>>>;

  protected async iterate(run: Run): Promise<Iteration> {
    await this.#collector.collect(run.signal);
    const { steps, n, observation, reward, terminated, truncated } = this.#rollout;
    const [rewards, ends, cuts] = [reward, terminated, truncated].map(({ storage }) =>
      storage.forReading(),
    ) as [Float32Array, Uint8Array, Uint8Array];
    if (this.#note !== null) await this.#note.runAsync(observation);
    await this.#estimate(this.#rewardScale?.scale(rewards, ends, cuts) ?? rewards, ends, cuts);
    const figures = await this.update(this.#batch, run);
    const episodes = this.seen.take(rewards, ends, cuts, this.steps);
    return { steps: steps * n, episodes, figures };
  }

  /** Values, log-probabilities, advantages and returns of the rollout. */
  async #estimate(reward: ArrayLike<number>, terminated: Uint8Array, truncated: Uint8Array): Promise<void> {
    const { steps, n, finalObservation } = this.#rollout;
    const { observation, action, advantage, returns, ...batch } = this.#batch;
    const { value, logProb } = await this.#judge.runAsync(observation, action);
    const last = await this.#valueOf.runAsync(
      slice(finalObservation, 0, { start: steps - 1 }).reshape([n, ...observation.shape.slice(1)]),
    );
    const final = truncated.includes(1)
      ? await this.#valueOf.runAsync(finalObservation.reshape(observation.shape))
      : null;
    set(batch.value, value);
    set(batch.logProb, logProb);
    generalizedAdvantages(
      {
        n,
        steps,
        reward,
        terminated,
        truncated,
        value: value.storage.forReading(),
        lastValue: last.storage.forReading(),
        finalValue: final?.storage.forReading() ?? null,
      },
      { gamma: this.settings.gamma, lambda: this.settings.gaeLambda },
      advantage.storage.forWriting() as Float32Array,
      returns.storage.forWriting() as Float32Array,
    );
  }

  /** The optimizer of all parameters of the policy. */
  protected abstract get optimizer(): Optimizer<object>;

  protected get kept(): RunParts {
    const scale = this.#rewardScale;
    return {
      model: this.policy,
      optimizer: this.optimizer,
      parts: scale === null ? {} : { rewardScale: scale },
    };
  }

  /** The program that learns from a rollout, as text. */
  protected abstract explainUpdate(batch: Batch): string;

  explain(): string {
    const { observation, action } = this.#batch;
    const { n, kind } = this.environments;
    const where = kind === "tensor" ? "in the engine" : "in JavaScript, whose policy is this program";
    return [
      `${this.name}: a step of ${n} environments ${where}\n${this.#collector.explain()}`,
      `Values and log-probabilities of a rollout of ${this.#rollout.steps} steps\n${this.#judge.explain(observation, action)}`,
      this.explainUpdate(this.#batch),
    ].join("\n\n");
  }
}

function set(target: Tensor, source: Tensor): void {
  target.storage.forWriting().set(source.storage.forReading());
}

function readSettings(where: string, options: OnPolicyOptions, standard: OnPolicyStandard): OnPolicySettings {
  const share = { min: 0, max: 1 };
  const flag = options.normalizeAdvantages ?? standard.normalizeAdvantages;
  return {
    rolloutSteps: checkNumber(where, "rolloutSteps", options.rolloutSteps ?? standard.rolloutSteps, {
      min: 1,
      integer: true,
    }),
    gamma: checkNumber(where, "gamma", options.gamma ?? 0.99, share),
    gaeLambda: checkNumber(where, "gaeLambda", options.gaeLambda ?? standard.gaeLambda, share),
    lr: checkNumber(where, "lr", options.lr ?? standard.lr, { min: 0 }),
    isLinear:
      checkChoice(where, "schedule", options.schedule ?? "constant", ["constant", "linear"]) === "linear",
    entropyCoefficient: checkNumber(where, "entropyCoefficient", options.entropyCoefficient ?? 0, { min: 0 }),
    valueCoefficient: checkNumber(where, "valueCoefficient", options.valueCoefficient ?? 0.5, { min: 0 }),
    maxGradNorm: checkNumber(where, "maxGradNorm", options.maxGradNorm ?? 0.5, { min: 0 }),
    normalizeAdvantages: checkFlag(where, "normalizeAdvantages", flag),
  };
}

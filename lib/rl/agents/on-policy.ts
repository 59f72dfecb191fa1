import { backward } from "../../autodiff/backward.js";
import { type Compiled, compile } from "../../compiler/compile.js";
import { noGrad } from "../../context/grad-mode.js";
import type { RunParts } from "../../keeping/run-state.js";
import { inMode } from "../../nn/in-mode.js";
import type { Module } from "../../nn/module.js";
import { add } from "../../ops/add.js";
import { div } from "../../ops/div.js";
import { mean } from "../../ops/mean.js";
import { slice } from "../../ops/slice.js";
import { sub } from "../../ops/sub.js";
import { std } from "../../ops/variance.js";
import { clipGradNorm } from "../../optim/clip.js";
import type { Optimizer } from "../../optim/optimizer.js";
import { checkFlag, checkNumber } from "../../options.js";
import type { Generator } from "../../random/generator.js";
import { arange, zeros } from "../../tensor/create.js";
import type { Shape } from "../../tensor/shape.js";
import type { Tensor } from "../../tensor/tensor.js";
import { actionHead } from "./action-head.js";
import { generalizedAdvantages } from "./advantages.js";
import { Agent, type AgentKind, type AgentOptions, type Iteration, type Run } from "./agent.js";
import type { Environments, LearningEnvironment } from "./environments.js";
import { checkFigures } from "./finite.js";
import { featureShape } from "./observed.js";
import {
  ActorCritic,
  checkNetwork,
  fullyConnected,
  type Layers,
  type NetworkOptions,
  readLayers,
  withWeightsOf,
} from "./policy.js";
import { RewardScale } from "./reward-scale.js";
import { type Collector, collectorOf, emptyRollout, type Rollout } from "./rollout.js";
import { RunningNorm } from "./running-norm.js";
import { readSchedule, scheduled } from "./schedule.js";

/** What agents take that learn the gradient of the return by the policy's own actions. */
export interface PolicyGradientOptions extends AgentOptions {
  /** What a reward counts that comes one step later: γ in [0, 1]. Default: 0.99. */
  readonly gamma?: number;
  readonly lr?: number;
  /** The learning rate falls to 0 over the steps of `learn`, or stays. Default: "constant". */
  readonly schedule?: "constant" | "linear";
  /** Weight of the entropy, which keeps the policy trying. Default: 0. */
  readonly entropyCoefficient?: number;
  /** Weight of the critic's loss. Default: 0.5. */
  readonly valueCoefficient?: number;
  /** Longer gradients are shortened to this norm. Default: 0.5. */
  readonly maxGradNorm?: number;
  /** Bring the advantages of an update, or of a mini-batch, to mean 0 and deviation 1. */
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
  /** Squash actions into the bounds of a `Box` by tanh, instead of cutting them off there. Default: false. */
  readonly squash?: boolean;
}

/** What agents take that learn from rollouts of a fixed length. */
export interface RolloutOptions extends PolicyGradientOptions {
  /** Steps of each environment between two updates. */
  readonly rolloutSteps?: number;
  /** λ of generalized advantage estimation in [0, 1]: 0 trusts the critic, 1 the rewards. */
  readonly gaeLambda?: number;
}

/** The names of the options that all of them take. */
const POLICY_GRADIENT_OPTIONS: readonly string[] = [
  "gamma",
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
  "squash",
];

/** The names that `RolloutOptions` adds. */
export const ROLLOUT_OPTIONS: readonly string[] = ["rolloutSteps", "gaeLambda"];

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
  readonly rolloutSteps: number | ((environments: Environments) => number);
  readonly gaeLambda: number;
  readonly lr: number;
  readonly normalizeAdvantages: boolean;
  /** Whether there is a critic. Without one all values are 0. Default: true. */
  readonly hasCritic?: () => boolean;
  /** Whether an update needs the log-probabilities of a rollout's actions. Default: false. */
  readonly judgesActions?: boolean;
}

const LAYERS: Layers = { hidden: [64, 64], activation: "tanh" };

/** A rollout with what its update needs; each tensor is [steps·n, …]. */
export interface Batch {
  readonly observation: Tensor;
  readonly action: Tensor;
  /** 0 unless the algorithm `judgesActions`. */
  readonly logProb: Tensor;
  readonly value: Tensor;
  readonly advantage: Tensor;
  readonly returns: Tensor;
}

/** Steps that were made, from the rollout's first on; lists are [steps, n] and may be longer. */
export interface Gathered {
  readonly steps: number;
  /** Samples that are judged, at least steps·n: few different counts, since each takes programs of its own. */
  readonly samples: number;
  readonly reward: Float32Array;
  readonly terminated: Uint8Array;
  readonly truncated: Uint8Array;
  /** Where it is 0, nothing is learnt of a step; null: of all. */
  readonly isPart: Uint8Array | null;
}

/**
 * An agent with an actor, and mostly a critic, that learns from rollouts of its present policy: some steps, the
 * advantages of what was done over what the critic expected, then an update.
 */
export abstract class OnPolicyAgent<Observation, Action> extends Agent<Observation, Action> {
  readonly policy: ActorCritic;
  protected readonly settings: OnPolicySettings;
  protected readonly rollout: Rollout;
  protected readonly collector: Collector;
  readonly #batch: Batch;
  readonly #rewardScale: RewardScale | null;
  readonly #valueOf: Compiled<[Tensor], Tensor>;
  readonly #judgesActions: boolean;
  readonly #judge: Compiled<[Tensor, Tensor, Tensor], { value: Tensor; logProb?: Tensor; last: Tensor }>;
  readonly #note: Compiled<[Tensor], void> | null;

  protected constructor(
    kind: AgentKind,
    environment: LearningEnvironment<Observation, Action>,
    options: RolloutOptions,
    standard: OnPolicyStandard,
  ) {
    super(
      {
        ...kind,
        options: [...POLICY_GRADIENT_OPTIONS, ...kind.options],
        head: (space) =>
          actionHead(kind.name, space, { squash: checkFlag(kind.name, "squash", options.squash ?? false) }),
      },
      environment,
      options,
    );
    this.settings = readSettings(kind.name, options, standard, this.environments);
    const { n, observationSpace } = this.environments;
    const observed = featureShape(kind.name, observationSpace);
    this.policy = this.#makePolicy(observed, options, standard.hasCritic?.() ?? true);
    const { rolloutSteps, gamma } = this.settings;
    this.rollout = emptyRollout(rolloutSteps, n, observed, this.head);
    this.#batch = this.#emptyBatch(observed);
    const act = (observation: Tensor): Tensor => this.act(observation, this.acting);
    this.collector = collectorOf(this.environments, this.rollout, this.head, act);
    const scales = checkFlag(kind.name, "normalizeRewards", options.normalizeRewards ?? false);
    this.#rewardScale = scales ? new RewardScale(n, gamma, `${kind.name}.loadStateDict`) : null;
    this.#valueOf = compile((observation: Tensor) => this.#judging(() => this.policy.value(observation)));
    this.#judgesActions = standard.judgesActions ?? false;
    this.#judge = compile((observation: Tensor, action: Tensor, last: Tensor) =>
      this.#judging(() => {
        if (!this.#judgesActions) {
          return { value: this.policy.value(observation), last: this.policy.value(last) };
        }
        const { policy, value } = this.policy.judge(observation);
        return { value, logProb: policy.logProb(action), last: this.policy.value(last) };
      }),
    );
    const { norm } = this.policy;
    this.#note = norm === null ? null : compile((observation: Tensor) => norm.update(observation));
  }

  /** In evaluation mode, as the policy acts, and without gradients. */
  #judging<T>(run: () => T): T {
    return inMode(this.policy, false, () => noGrad(run));
  }

  #makePolicy(observed: Shape, options: PolicyGradientOptions, hasCritic: boolean): ActorCritic {
    const { name, head } = this;
    const layers = readLayers(name, options.network, LAYERS);
    const logStd = checkNumber(name, "logStd", options.logStd ?? 0);
    const normalizes = checkFlag(name, "normalizeObservations", options.normalizeObservations ?? false);
    const network = (part: "actor" | "critic", outputs: number, gain: number): Module => {
      const given = options[part];
      return given === undefined
        ? fullyConnected(observed, layers, outputs, gain)
        : checkNetwork(name, part, given, { inputs: [observed], outputs });
    };
    return withWeightsOf(
      this.seed,
      () =>
        new ActorCritic(head, {
          actor: network("actor", head.outputs, 0.01),
          critic: hasCritic ? network("critic", 1, 1) : null,
          norm: normalizes ? new RunningNorm(observed) : null,
          logStd,
        }),
    );
  }

  #emptyBatch(observed: Shape): Batch {
    const { steps, n, observation, action } = this.rollout;
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
    const distribution = inMode(this.policy, false, () => this.policy.distribution(observation));
    return generator === null ? distribution.mode : distribution.sample(generator);
  }

  protected async begin(): Promise<void> {
    await this.collector.reset();
    this.#rewardScale?.reset();
  }

  /** Makes the steps from which the next update learns. */
  protected async gather({ signal }: Run): Promise<Gathered> {
    await this.collector.collect(signal);
    const { steps, n, reward, terminated, truncated } = this.rollout;
    return { steps, samples: steps * n, isPart: null, ...listsOf({ reward, terminated, truncated }) };
  }

  /** Learns from a rollout. */
  protected abstract update(
    batch: Batch,
    run: Run,
    gathered: Gathered,
  ): Promise<Readonly<Record<string, number>>>;

  protected async iterate(run: Run): Promise<Iteration> {
    const gathered = await this.gather(run);
    const { n } = this.environments;
    const { steps, reward, terminated, truncated } = gathered;
    const made = steps * n;
    await this.#estimate(gathered);
    const figures = await this.update(this.#batch, run, gathered);
    checkFigures(this.name, figures);
    // Last, so that an update judges observations by the statistics by which the policy acted. Row by row of n, so that
    // rollouts of any length have one program.
    await this.#note?.loopAsync([this.#batch.observation], arange(made, { dtype: "int32" }), n);
    const episodes = this.seen.take(reward.subarray(0, made), terminated, truncated, this.steps);
    return { steps: made, episodes, figures };
  }

  /** Values, advantages and returns of the rollout, and log-probabilities if the update needs them. */
  async #estimate({ steps, samples, reward, terminated, truncated, isPart }: Gathered): Promise<void> {
    const { n, finalObservation } = this.rollout;
    const { observation, action, advantage, returns, ...batch } = this.#batch;
    const { value, logProb, last } = await this.#judge.runAsync(
      first(observation, samples),
      first(action, samples),
      slice(finalObservation, 0, { start: steps - 1, end: steps }).reshape([
        n,
        ...observation.shape.slice(1),
      ]),
    );
    const final = truncated.includes(1)
      ? await this.#valueOf.runAsync(first(finalObservation.reshape(observation.shape), samples))
      : null;
    set(batch.value, value);
    if (logProb !== undefined) set(batch.logProb, logProb);
    const { gamma, gaeLambda } = this.settings;
    generalizedAdvantages(
      {
        n,
        steps,
        reward:
          this.#rewardScale?.scale(reward.subarray(0, steps * n), terminated, truncated, isPart) ?? reward,
        terminated,
        truncated,
        value: value.storage.forReading(),
        lastValue: last.storage.forReading(),
        finalValue: final?.storage.forReading() ?? null,
      },
      { gamma, lambda: gaeLambda },
      advantage.storage.forWriting() as Float32Array,
      returns.storage.forWriting() as Float32Array,
    );
  }

  /** The optimizer of all parameters of the policy. */
  protected abstract get optimizer(): Optimizer<object>;

  /** A step of the optimizer along the clipped gradient of a loss. In ops. */
  protected descend(loss: Tensor): void {
    this.optimizer.zeroGrad();
    backward(loss);
    clipGradNorm(this.policy.parameters(), this.settings.maxGradNorm);
    this.optimizer.step();
  }

  protected get kept(): RunParts {
    const scale = this.#rewardScale;
    return {
      model: this.policy,
      optimizer: this.optimizer,
      parts: scale === null ? {} : { rewardScale: scale },
    };
  }

  /** The learning rate at this point of a call of `learn`. */
  protected rate({ progress }: Run): number {
    return scheduled(this.settings.lr, this.settings.isLinear, progress);
  }

  /** The program that learns from a rollout, as text. */
  protected abstract explainUpdate(batch: Batch): string;

  explain(): string {
    const { observation, action } = this.#batch;
    const { n, kind } = this.environments;
    const where = kind === "tensor" ? "in the engine" : "in JavaScript, whose policy is this program";
    const judged = this.#judgesActions ? "Values and log-probabilities" : "Values";
    return [
      `${this.name}: a step of ${n} environments ${where}\n${this.collector.explain()}`,
      `${judged} of a rollout of ${this.rollout.steps} steps\n${this.#judge.explain(observation, action, first(observation, n))}`,
      this.explainUpdate(this.#batch),
    ].join("\n\n");
  }
}

/** Mean 0, deviation 1. A mini-batch of one sample stays as it is. */
export function standardized(x: Tensor): Tensor {
  return x.size < 2 ? x : div(sub(x, mean(x)), add(std(x), 1e-8));
}

/** The first samples of a tensor. */
export function first(x: Tensor, samples: number): Tensor {
  return samples === x.shape[0] ? x : slice(x, 0, { end: samples });
}

/** What a rollout's tensors hold. */
export function listsOf({
  reward,
  terminated,
  truncated,
}: Pick<Rollout, "reward" | "terminated" | "truncated">): Pick<
  Gathered,
  "reward" | "terminated" | "truncated"
> {
  return {
    reward: reward.storage.forReading() as Float32Array,
    terminated: terminated.storage.forReading() as Uint8Array,
    truncated: truncated.storage.forReading() as Uint8Array,
  };
}

function set(target: Tensor, source: Tensor): void {
  target.storage.forWriting().set(source.storage.forReading());
}

function readSettings(
  where: string,
  options: RolloutOptions,
  standard: OnPolicyStandard,
  environments: Environments,
): OnPolicySettings {
  const share = { min: 0, max: 1 };
  const flag = options.normalizeAdvantages ?? standard.normalizeAdvantages;
  const { rolloutSteps } = standard;
  const steps = typeof rolloutSteps === "function" ? rolloutSteps(environments) : rolloutSteps;
  return {
    rolloutSteps: checkNumber(where, "rolloutSteps", options.rolloutSteps ?? steps, {
      min: 1,
      integer: true,
    }),
    gamma: checkNumber(where, "gamma", options.gamma ?? 0.99, share),
    gaeLambda: checkNumber(where, "gaeLambda", options.gaeLambda ?? standard.gaeLambda, share),
    lr: checkNumber(where, "lr", options.lr ?? standard.lr, { min: 0 }),
    isLinear: readSchedule(where, "schedule", options.schedule),
    entropyCoefficient: checkNumber(where, "entropyCoefficient", options.entropyCoefficient ?? 0, { min: 0 }),
    valueCoefficient: checkNumber(where, "valueCoefficient", options.valueCoefficient ?? 0.5, { min: 0 }),
    maxGradNorm: checkNumber(where, "maxGradNorm", options.maxGradNorm ?? 0.5, { min: 0 }),
    normalizeAdvantages: checkFlag(where, "normalizeAdvantages", flag),
  };
}

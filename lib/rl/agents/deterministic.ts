import { Module } from "../../nn/module.js";
import { add } from "../../ops/add.js";
import { clamp } from "../../ops/clamp.js";
import { mean } from "../../ops/mean.js";
import { mul } from "../../ops/mul.js";
import { neg } from "../../ops/neg.js";
import { tanh } from "../../ops/tanh.js";
import { Adam } from "../../optim/adam.js";
import { checkNumber } from "../../options.js";
import type { Generator } from "../../random/generator.js";
import type { Tensor } from "../../tensor/tensor.js";
import type { ReplayBatch } from "../replay-buffer.js";
import { ContinuousAgent, type ContinuousKind, type ContinuousOptions, type Critics } from "./continuous.js";
import { refuseWith } from "./contradiction.js";
import type { LearningEnvironment } from "./environments.js";
import { descend, follow, type LearnStep } from "./off-policy.js";
import type { Layers } from "./policy.js";

export interface DeterministicOptions extends ContinuousOptions {
  /** Deviation of the normal noise that is added to actions while it learns, for actions in [−1, 1]. Default: 0.1. */
  readonly noise?: number;
}

/** What differs between DDPG and TD3. */
export interface DeterministicKind extends Pick<ContinuousKind, "name" | "options" | "critics"> {
  /** Critics learn this many times before the actor and the targets move. */
  readonly policyDelay: number;
  /** Deviation of the noise of the target's action, and where it is cut. */
  readonly targetNoise: number;
  readonly targetNoiseClip: number;
}

const STANDARD = { batchSize: 256, trainEvery: 1, tau: 0.005, lr: 1e-3 };
const LAYERS: Layers = { hidden: [400, 300], activation: "relu" };
/** The bounds of actions within the agent. */
const UNIT = { min: -1, max: 1 };

class DeterministicNetworks extends Module {
  readonly targetActor: Module;
  readonly targetCritics: Critics;

  constructor(
    readonly actor: Module,
    readonly critics: Critics,
  ) {
    super();
    this.targetActor = actor.clone();
    this.targetCritics = critics.clone();
  }

  /** [n, …] → points of [−1, 1], [n, size] */
  forward(observation: Tensor): Tensor {
    return tanh(this.actor.forward(observation));
  }
}

/** An agent with a policy a = π(s) that learns by the slope of its critic with respect to the action. */
export abstract class DeterministicAgent<Observation, Action> extends ContinuousAgent<Observation, Action> {
  readonly networks: DeterministicNetworks;
  protected readonly optimizers: { readonly actorOptimizer: Adam; readonly criticOptimizer: Adam };
  protected readonly updates: readonly LearnStep[];
  readonly #noise: number;
  readonly #target: { readonly noise: number; readonly clip: number };

  protected constructor(
    kind: DeterministicKind,
    environment: LearningEnvironment<Observation, Action>,
    options: DeterministicOptions,
  ) {
    super(
      { ...kind, environments: 1, outputs: 1, layers: LAYERS, options: ["noise", ...kind.options] },
      environment,
      options,
      STANDARD,
    );
    this.#noise = checkNumber(this.name, "noise", options.noise ?? 0.1, { min: 0 });
    if (this.#noise === 0) refuseWith(this.name, options, "a noise of 0", ["noiseCorrelation"]);
    this.#target = { noise: kind.targetNoise, clip: kind.targetNoiseClip };
    this.networks = this.makeNetworks((actor, critics) => new DeterministicNetworks(actor, critics));
    const { actor, critics } = this.networks;
    const { lr } = this.settings;
    this.optimizers = {
      actorOptimizer: new Adam(actor.parameters(), { lr }),
      criticOptimizer: new Adam(critics.parameters(), { lr }),
    };
    const critic: LearnStep = {
      figures: ["criticLoss"],
      learn: (batch) => [this.#learnCritics(batch)],
    };
    const both: LearnStep = {
      figures: ["criticLoss", "actorLoss"],
      learn: (batch) => [this.#learnCritics(batch), this.#learnActor(batch)],
    };
    this.updates = [...new Array<LearnStep>(kind.policyDelay - 1).fill(critic), both];
  }

  protected choose(observation: Tensor, generator: Generator | null): Tensor {
    const unit = this.networks.forward(observation);
    return this.toActions(generator === null ? unit : this.#noisy(unit, generator.normal(unit.shape)));
  }

  protected explore(observation: Tensor, isNew: Tensor): Tensor {
    const noise = this.noise.next(isNew, this.acting);
    return this.toActions(this.#noisy(this.networks.forward(observation), noise));
  }

  #noisy(unit: Tensor, noise: Tensor): Tensor {
    return clamp(add(unit, mul(noise, this.#noise)), UNIT);
  }

  /** The action of the target actor, smoothed by noise. */
  #targetAction(observation: Tensor): Tensor {
    const unit = tanh(this.networks.targetActor.forward(observation));
    const { noise, clip } = this.#target;
    if (noise === 0) return unit;
    const drawn = this.ordering.normal(unit.shape, { std: noise });
    return clamp(add(unit, clamp(drawn, { min: -clip, max: clip })), UNIT);
  }

  #learnCritics(batch: ReplayBatch): Tensor {
    const { critics, targetCritics } = this.networks;
    const aim = this.aiming(() => {
      const next = this.#targetAction(batch.nextObservation);
      return this.target(batch, targetCritics.forward(batch.nextObservation, next));
    });
    return this.learnCritics(critics, this.optimizers.criticOptimizer, batch, aim);
  }

  #learnActor({ observation }: ReplayBatch): Tensor {
    const { actor, critics, targetActor, targetCritics } = this.networks;
    const { actorOptimizer } = this.optimizers;
    const [value] = critics.each(observation, this.networks.forward(observation)) as [Tensor];
    const loss = neg(mean(value));
    descend(actorOptimizer, loss);
    follow(targetCritics, critics, this.settings.tau);
    follow(targetActor, actor, this.settings.tau);
    return loss;
  }
}
